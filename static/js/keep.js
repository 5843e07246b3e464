/**
 * What is typed at a step is kept without a button: soon after it changed, and when the page is left.
 *
 * The server keeps it in the draft and answers with the page's new stamp (invoices/wizard/stamps.py), in which it
 * tells what another tab has changed since. Whatever fails is silent: the next button sends everything, and says so.
 */

const LEFT = "saisie-en-partant"; // in the tab's own storage: a page reloaded may be made before what left it arrives
const PAUSE_MS = 400; // a button that is pressed at once sends the same
let page = null;
let timer = null;

/** The step's form as it stands: a swap may have replaced it, or its stamp. */
function current() {
  const form = document.getElementById("etape");
  const stamp = form?.elements.namedItem("vu");
  if (!stamp) {
    page = null;
  } else if (page?.stamp !== stamp) {
    const known = page?.form === form ? page.known : valuesOf(form, stamp.value, true);
    page = { form, stamp, seen: stamp.value, known, onItsWay: null };
  }
  return page;
}

const namesIn = (stamp) => stamp.split(" ").map((part) => part.split(":")[0]);

const controlsOf = (form, stamp) => namesIn(stamp).flatMap((name) => [...form.querySelectorAll(`[name="${name}"]`)]);

/** What is typed in the fields of the stamp, or what the server had written there; nothing of a group without a choice. */
function valuesOf(form, stamp, asServed = false) {
  const values = {};
  for (const control of controlsOf(form, stamp)) {
    if (control.type !== "radio") {
      values[control.name] = asServed ? control.defaultValue : control.value;
    } else if (asServed ? control.defaultChecked : control.checked) {
      values[control.name] = control.value;
    }
  }
  return values;
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * What changed in this page is marked so in the stamp that its buttons send: it wins, even where it is empty again. Of
 * what is on its way nobody knows yet whether the draft holds it: that goes out of the stamp.
 */
function write({ form, stamp, seen, known, onItsWay }) {
  const values = valuesOf(form, seen);
  stamp.value = seen
    .split(" ")
    .map((part) => [part, namesIn(part)[0]])
    .filter(([, name]) => !onItsWay || onItsWay[name] === known[name])
    .map(([part, name]) => (values[name] === known[name] ? part : part.replace(":", "!")))
    .join(" ");
}

/** Send what changed since it was last kept. While an answer is awaited it goes after it, or at once when one leaves. */
async function keep(leaving = false) {
  clearTimeout(timer);
  const sending = current();
  if (!sending || (sending.onItsWay && !leaving)) {
    return;
  }
  const { form, seen } = sending;
  const values = valuesOf(form, seen);
  if (same(values, sending.known) || same(values, sending.onItsWay)) {
    return;
  }
  const typed = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  const body = new URLSearchParams(typed);
  body.set("vu", seen);
  body.set("garder", "1");
  sending.onItsWay = values;
  if (leaving) {
    sessionStorage.setItem(LEFT, JSON.stringify({ address: form.action, known: sending.known, values }));
  }
  let answer = null;
  try {
    answer = await fetch(form.action, { method: "POST", body, keepalive: true, redirect: "manual" });
  } catch {
    // The line is broken.
  }
  sending.onItsWay = null;
  if (answer?.status !== 204) {
    return;
  }
  sessionStorage.removeItem(LEFT);
  sending.known = values;
  sending.seen = answer.headers.get("Draft-Stamp") ?? seen;
  write(sending);
  later();
}

/** Show again what was typed when this very step was left, where the page that came is of before that. */
function restore() {
  const left = JSON.parse(sessionStorage.getItem(LEFT));
  if (!current() || left?.address !== page.form.action) {
    return;
  }
  sessionStorage.removeItem(LEFT);
  for (const control of controlsOf(page.form, page.seen)) {
    const value = left.values[control.name];
    if (value === left.known[control.name] || page.known[control.name] !== left.known[control.name]) {
      continue;
    }
    if (control.type === "radio") {
      control.checked = control.value === value;
    } else {
      control.value = value;
    }
    write(page);
    later();
  }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(keep, PAUSE_MS);
}

document.addEventListener("input", (event) => {
  if (event.target.form?.id === "etape" && current()) {
    write(page);
  }
});

document.addEventListener("change", (event) => {
  if (event.target.form?.id === "etape") {
    later();
  }
});

// The step's own buttons send all of it; those of another form, as « Se déconnecter », do not.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "etape") {
    keep(true);
  } else if (!event.defaultPrevented && current()) {
    page.onItsWay = valuesOf(page.form, page.seen);
  }
});

window.addEventListener("pagehide", () => keep(true));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    keep(true);
  }
});

// Kept by the browser and gone back to, the page's form is no longer on its way.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && current()) {
    page.onItsWay = null;
  }
});

restore();
