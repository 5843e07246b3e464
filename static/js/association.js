/**
 * « Rechercher un autre dossier à associer » answers while one types; htmx asks, this does the rest.
 *
 * - An answer to what is no longer in the field is thrown away.
 * - The arrows go from the field to the results and back, Escape clears the search; « Ajouter » is pressed as any button.
 * - What one types elsewhere while a dossier is added or removed is not lost to the answer.
 * - What changed is read out: how many were found, how many are associated, that several companies are concerned.
 */

import { announce } from "./portail.js";

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

/** The fields that one types into, in the step's form. */
const typedFields = () => [...document.querySelectorAll("#etape input[type=text]")];
let sentValues = new Map();
let typedSince = [];

document.addEventListener("htmx:before:request", (event) => {
  if (event.detail.ctx.sourceElement.matches("button")) {
    sentValues = new Map(typedFields().map((input) => [input.id, input.value]));
  }
});

document.addEventListener("htmx:before:swap", (event) => {
  typedSince = [];
  if (event.detail.ctx.sourceElement.matches("button")) {
    const changed = typedFields().filter((input) => input.value !== sentValues.get(input.id));
    typedSince = changed.map((input) => ({
      id: input.id,
      value: input.value,
      caret: input === document.activeElement ? input.selectionEnd : null,
    }));
  }
});

/** Put back what was typed since the button was pressed, and the reader where they were typing. */
function restoreTyped() {
  typedSince.forEach(({ id, value, caret }) => {
    const input = document.getElementById(id);
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true })); // a search is asked again
    if (caret !== null) {
      input.focus();
      input.setSelectionRange(caret, caret);
    }
  });
}

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

/** The sentences to read out, by their names, with what shows them; white space as it is read. */
function sentences() {
  const marked = [...document.querySelectorAll("[data-announce]")];
  return new Map(
    marked.map((shown) => [shown.dataset.announce, { shown, text: shown.textContent.trim().replace(/\s+/g, " ") }]),
  );
}

let known = sentences();

document.addEventListener("htmx:after:swap", (event) => {
  const now = sentences();
  for (const [name, { shown, text }] of now) {
    // Where the reader has been brought is read anyway.
    if (known.get(name)?.text !== text && shown !== document.activeElement) {
      announce(text);
    }
  }
  known = now;
  restoreTyped();
  // The next search is typed over the last one.
  if (typedSince.length === 0 && document.activeElement === field() && event.detail.ctx.sourceElement !== field()) {
    field().select();
  }
});
