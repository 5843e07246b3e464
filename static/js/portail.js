/**
 * What every page has, and what the other scripts ask of the page. Pages work without it.
 *
 * - The error summary takes the focus when a page arrives with one.
 * - A list with data-enables="<id>" enables that button once something is chosen in it.
 * - A form that is on its way is not sent a second time; one that was shown before a new log-in is taken all the same.
 * - What screen readers are told of changes is told in one place.
 */

// --- Saying what changed --------------------------------------------------------------------------------------------

const MOMENT_MS = 100;
// There before its first words: a region that comes with them is not read.
const region = document.createElement("p");
region.className = "visually-hidden";
region.setAttribute("role", "status");
region.dataset.announcer = "";
document.body.append(region);
let said = [];

/** Have screen readers say it when they have time; what is said at one moment is said together. */
export function announce(sentence) {
  if (said.push(sentence) === 1) {
    setTimeout(() => (said = []), MOMENT_MS);
  }
  region.textContent = said.join(" ");
}

// --- Asking for a page ----------------------------------------------------------------------------------------------

/** The document that an answer's text makes. */
export function readPage(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

/** Ask for an address: the answer, and the page that it brought. Throws when the line is broken, as fetch does. */
export async function fetchPage(address, options) {
  const response = await fetch(address, options);
  return { response, page: readPage(await response.text()) };
}

/** Give the forms of this page the token against forged requests of `page`, which is of now. */
export function takeToken(page) {
  const token = page.querySelector("form[enctype] [name=csrfmiddlewaretoken]");
  if (token) {
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((input) => (input.value = token.value));
  }
}

/**
 * Who logs in again in another tab gets another token, and a form shown before would be refused with all that is typed
 * in it. So a page that comes back to the front asks for itself, and takes the token of now.
 */
async function renewToken() {
  if (document.querySelector("form[enctype]")) {
    try {
      takeToken((await fetchPage(window.location.href)).page);
    } catch {
      // The line is broken: what is pressed next says so.
    }
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    renewToken();
  }
});
window.addEventListener("focus", renewToken); // two windows side by side

// --- Errors ---------------------------------------------------------------------------------------------------------

let lastSummary = null;

/** What the page says is to be corrected, or null. */
export function errorSummary() {
  return document.querySelector("[data-error-summary]");
}

/** Bring the reader to what must be corrected: once, so that no later swap elsewhere takes the focus again. */
export function focusNewErrors() {
  const summary = errorSummary();
  if (summary !== lastSummary) {
    lastSummary = summary;
    summary?.focus();
  }
}

// --- Forms ----------------------------------------------------------------------------------------------------------

/** The button follows the list: nothing chosen, nothing to press. Without this script it is always enabled. */
function followChoice(select) {
  const button = document.getElementById(select.dataset.enables);
  if (button) {
    button.disabled = select.value === "";
  }
}

export function followChoices() {
  document.querySelectorAll("select[data-enables]").forEach(followChoice);
}

/**
 * Mark a form as sent, or as free again.
 * Its buttons are marked and not disabled: a disabled button would lose the focus, and its own name and value.
 */
function markSent(form, sent) {
  const buttons = [...form.elements].filter((control) => control.type === "submit");
  if (sent) {
    form.setAttribute("aria-busy", "true");
    buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  } else {
    form.removeAttribute("aria-busy");
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-enables]")) {
    followChoice(event.target);
  }
});

// On the document, so that it runs after htmx, which cancels the submits that it sends itself and guards them.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) {
    return;
  }
  if (event.target.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  markSent(event.target, true);
});

// The back button may show the page as it was left: its forms can be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
    renewToken();
  }
  if (event.persisted) {
    document.querySelectorAll("form[aria-busy]").forEach((form) => markSent(form, false));
  }
  followChoices();
});

followChoices();
// After the page's own autofocus, which the console would else tell was blocked.
requestAnimationFrame(focusNewErrors);
