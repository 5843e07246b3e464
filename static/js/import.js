// Tells how far an import is, every few seconds; once its pass is over the page is shown anew.

const EVERY_MS = 3000;
const STATE = "import-state";

async function look() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = page.getElementById(STATE);
  if (!told || !("underWay" in told.dataset)) location.reload();
  else document.getElementById(STATE).replaceChildren(...told.childNodes);
}

setInterval(() => look().catch(() => {}), EVERY_MS);
