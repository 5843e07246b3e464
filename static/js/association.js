/**
 * « Rechercher un autre dossier à associer » answers while one types; htmx asks, this does the rest.
 *
 * - An answer to what is no longer in the field is thrown away.
 * - The arrows go from the field to the results and back, Escape clears the search; « Ajouter » is pressed as any button.
 * - What changed is read out: how many were found, how many are associated, that several companies are concerned.
 */

const field = () => document.querySelector("[data-search]");
const results = () => document.getElementById("dossiers-trouves");

document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (sourceElement.matches("[data-search]")) {
    request.body = new FormData();
    request.body.set("recherche", sourceElement.value);
  }
});

document.addEventListener("htmx:before:swap", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (sourceElement.matches("[data-search]")) {
    const asked = new URL(request.action, document.baseURI).searchParams.get("recherche");
    if (asked !== sourceElement.value) {
      event.preventDefault();
    }
  }
});

function clearSearch() {
  field().value = "";
  results().replaceChildren();
  field().dispatchEvent(new Event("input", { bubbles: true }));
  field().focus();
}

document.addEventListener("keydown", (event) => {
  const inField = event.target.matches("[data-search]");
  const buttons = [...results().querySelectorAll("button")];
  const place = buttons.indexOf(event.target);
  if (!inField && place < 0) {
    return;
  }
  if (event.key === "Escape" && (inField ? field().value : true)) {
    event.preventDefault();
    clearSearch();
  } else if (event.key === "ArrowDown" && buttons.length > 0) {
    event.preventDefault();
    buttons[Math.min(place + 1, buttons.length - 1)].focus();
  } else if (event.key === "ArrowUp" && !inField) {
    event.preventDefault();
    (buttons[place - 1] ?? field()).focus();
  }
});

/** The sentences to read out, by their names; white space as it is read. */
function sentences() {
  const marked = [...document.querySelectorAll("[data-announce]")];
  return new Map(marked.map((element) => [element.dataset.announce, element.textContent.trim().replace(/\s+/g, " ")]));
}

let known = sentences();

document.addEventListener("htmx:after:swap", (event) => {
  const now = sentences();
  const changed = [...now].filter(([name, sentence]) => known.get(name) !== sentence).map(([, sentence]) => sentence);
  known = now;
  if (changed.length > 0) {
    document.querySelector("[data-announcer]").textContent = changed.join(" ");
  }
  // The next search is typed over the last one.
  if (document.activeElement === field() && event.detail.ctx.sourceElement !== field()) {
    field().select();
  }
});
