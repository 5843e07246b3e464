/**
 * A field for a PDF: its box on the page (data-file-field), its errors, and what else of the page changes with it.
 *
 * Words and parts: templates/invoices/uploads.html.
 */

import { errorSummary } from "../portail.js";
import { enliven } from "../in_place.js";

export const words = document.querySelector("[data-uploads]")?.dataset;
const ERROR = "Erreur\u00a0: ";

export function boxOf(id) {
  return document.getElementById(id)?.closest("[data-file-field]") ?? null;
}

export function fieldOf(box) {
  return box.matches(".field") ? box : box.querySelector(".field");
}

export function made(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

/** « Remplacer » opens the list of files at once; without this script it is a disclosure. */
export function prepare(box) {
  const replace = box.querySelector("[data-replace]");
  const disclosure = box.querySelector(".file-replace");
  if (replace && disclosure) {
    replace.hidden = false;
    disclosure.hidden = !disclosure.open;
  }
}

export function prepareAll() {
  document.querySelectorAll("[data-file-field]").forEach(prepare);
}

/** Say under the field's label why its file is refused; nothing is said where there is no sentence. */
export function showError(box, sentence) {
  const field = fieldOf(box);
  const input = box.querySelector("input[type=file]");
  const hint = `${input.id}_helptext`;
  document.getElementById(`${input.id}_error`)?.remove();
  field.classList.toggle("field--error", sentence !== "");
  input.toggleAttribute("aria-invalid", sentence !== "");
  input.setAttribute("aria-describedby", sentence ? `${hint} ${input.id}_error` : hint);
  if (sentence) {
    const error = made("modele-erreur");
    error.id = `${input.id}_error`;
    error.querySelector("[data-sentence]").textContent = sentence;
    document.getElementById(hint).after(error);
    input.setAttribute("aria-invalid", "true");
    const disclosure = box.querySelector(".file-replace");
    if (disclosure) {
      disclosure.hidden = false;
      disclosure.open = true;
    }
  }
}

/**
 * The error summary of a form: all that its fields say is wrong, in their order; announced when it says anything new.
 * The page's title says first that there is one.
 */
export function summarise(form) {
  const errors = [...form.querySelectorAll("[id$=_error] .field__error span")];
  const before = errorSummary();
  const said = [...(before?.querySelectorAll("li") ?? [])].map((item) => item.textContent.trim());
  if (said.length === errors.length && errors.every((error, rank) => error.textContent === said[rank])) {
    return;
  }
  before?.remove();
  document.title = (errors.length ? ERROR : "") + document.title.replace(ERROR, "");
  if (!errors.length) {
    return;
  }
  const summary = made("modele-erreurs");
  for (const error of errors) {
    const link = document.createElement("a");
    link.href = `#${error.closest(".field").querySelector("input, select").id}`;
    link.textContent = error.textContent;
    const item = document.createElement("li");
    item.append(link);
    summary.querySelector("ul").append(item);
  }
  (form.querySelector(".panel__body") ?? form).prepend(summary);
}

/** Whether the reader is in this box, or nowhere since what they pressed there is gone. */
export function readerIsIn(box) {
  return box.contains(document.activeElement) || document.activeElement === document.body;
}

export function replaceBox(box, fresh) {
  box.replaceWith(fresh);
  enliven(fresh);
  prepare(fresh);
}

/** What else of the step's page tells how the draft stands: the rail, when it was saved. */
export function replaceParts(page) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = page.querySelector(`[data-part=${part.dataset.part}]`);
    if (now && !part.isEqualNode(now)) {
      part.replaceWith(now);
      enliven(now);
    }
  }
}

/** Show the main part of a page that came as an answer, in the place of this one. */
export function showPage(page, url) {
  document.title = page.title;
  window.history.replaceState(null, "", url);
  const main = page.querySelector("main");
  document.querySelector("main").replaceWith(main);
  enliven(main);
  window.scrollTo(0, 0);
  main.focus();
  // What listens for parts that htmx brought hears of this one too.
  document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: { ctx: { sourceElement: main } } }));
}
