/**
 * Small conveniences on pages that work without them.
 *
 * - The error summary takes the focus when a page, or a part that htmx brought, arrives with one.
 * - A list with data-enables="<id>" enables that button once something is chosen in it.
 * - A form that is on its way is not sent a second time; one that was shown before a new log-in is taken all the same.
 * - A button that acts in place (components/in_place.html) moves the focus on; a broken line is said.
 */

let lastSummary = null;

/** Bring the reader to what must be corrected: once, so that no later swap elsewhere takes the focus again. */
function focusErrorSummary() {
  const summary = document.querySelector("[data-error-summary]");
  if (summary !== lastSummary) {
    lastSummary = summary;
    summary?.focus();
  }
}

/** The button follows the list: nothing chosen, nothing to press. Without this script it is always enabled. */
function followChoice(select) {
  const button = document.getElementById(select.dataset.enables);
  if (button) {
    button.disabled = select.value === "";
  }
}

function followChoices() {
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

/** « Enter » in a search presses the search's own button. */
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-enter]")) {
    event.preventDefault();
    document.getElementById(event.target.dataset.enter).click();
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

/**
 * Who logs in again in another tab gets another token against forged requests, and a form shown before would be refused
 * with all that is typed in it. So a page that comes back to the front asks for itself, and takes the token of now.
 */
async function renewTokens() {
  const forms = document.querySelectorAll("form[enctype]");
  if (forms.length === 0) {
    return;
  }
  try {
    const answer = await fetch(window.location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("form[enctype] [name=csrfmiddlewaretoken]");
    if (token) {
      forms.forEach((form) => {
        form.elements.csrfmiddlewaretoken.value = token.value;
      });
    }
  } catch {
    // The line is broken: what is pressed next says so.
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    renewTokens();
  }
});
window.addEventListener("focus", renewTokens); // two windows side by side

// The back button may show the page as it was left: its forms can be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
    renewTokens();
  }
  if (event.persisted) {
    document.querySelectorAll("form[aria-busy]").forEach((form) => markSent(form, false));
  }
  followChoices();
});

/**
 * Buttons that act in place act one after the other: the answer to one replaces the others, and what they have asked.
 * One that is pressed meanwhile is pressed again on the page that comes, if it is still there.
 */
let acting = false;
const pressedMeanwhile = [];

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest("button[hx-post]");
    if (button && acting) {
      event.preventDefault();
      event.stopImmediatePropagation();
      pressedMeanwhile.push({ name: button.name, value: button.value });
    }
  },
  true,
);

document.addEventListener("htmx:before:request", (event) => {
  if (event.detail.ctx.sourceElement.matches("button[hx-post]")) {
    acting = true;
  }
});

document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.sourceElement.matches("button[hx-post]")) {
    acting = false;
    const next = pressedMeanwhile.shift();
    const buttons = [...document.querySelectorAll("button[hx-post]")];
    buttons.find((button) => next && button.name === next.name && button.value === next.value)?.click();
  }
});

/** htmx sends the form of a button, but not which button it was. */
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (sourceElement.matches("button[name]")) {
    request.body.append(sourceElement.name, sourceElement.value);
  }
});

/** A button acted in place: what it brought may have errors, or else says where to go on. */
document.addEventListener("htmx:after:swap", (event) => {
  followChoices();
  if (document.querySelector("[data-error-summary]")) {
    focusErrorSummary();
    return;
  }
  const next = event.detail.ctx.sourceElement.dataset.thenFocus;
  if (next) {
    [...document.querySelectorAll(next)].at(-1)?.focus();
  }
});

/** An answer that is not this page (a refusal, the log-in page) is shown as a page of its own. */
document.addEventListener("htmx:before:response", (event) => {
  const { sourceElement, request, response } = event.detail.ctx;
  const answer = response.raw;
  if (answer.status >= 500) {
    event.preventDefault();
    showBrokenLine(true);
  } else if (!answer.ok) {
    event.preventDefault();
    window.location.reload();
  } else if (new URL(answer.url).pathname !== new URL(request.action, document.baseURI).pathname) {
    event.preventDefault();
    const button = document.getElementById(sourceElement.dataset.enter);
    if (button) {
      // The session is over: the button sends what is typed in the form, which then waits for its person.
      button.click();
    } else {
      window.location.assign(answer.url);
    }
  }
});

/** The line is broken: say so, until something gets through again. */
function showBrokenLine(broken) {
  document.querySelectorAll("[data-broken-line]").forEach((notice) => {
    notice.hidden = !broken;
  });
}

document.addEventListener("htmx:error", () => showBrokenLine(true));
document.addEventListener("htmx:after:request", () => showBrokenLine(false));

followChoices();
// After the page's own autofocus, which the console would else tell was blocked.
requestAnimationFrame(focusErrorSummary);
