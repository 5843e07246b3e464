/**
 * Parts of a page that change in place, by htmx or by the uploads.
 *
 * - Buttons that act in place (components/in_place.html) act one after the other, and move the focus on.
 * - Nothing changes under a pointer that presses: what moves between its down and its up gets no click.
 * - A broken line is said.
 */

import { errorSummary, focusNewErrors, followChoices } from "./portail.js";

const LONGEST_PRESS_MS = 10_000;
const CLICK_FOLLOWS_MS = 50;

/** Settles once no button of the mouse and no finger is down. */
let released = Promise.resolve();

document.addEventListener(
  "pointerdown",
  () => {
    released = new Promise((resolve) => {
      const end = () => setTimeout(resolve, CLICK_FOLLOWS_MS);
      document.addEventListener("pointerup", end, { capture: true, once: true });
      document.addEventListener("pointercancel", end, { capture: true, once: true });
      setTimeout(resolve, LONGEST_PRESS_MS);
    });
  },
  { capture: true },
);

/** Have htmx see to a part that came without it. */
export function enliven(part) {
  window.htmx?.process(part);
}

/** What htmx asks for waits too. */
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  ctx.fetch = async (...request) => {
    const answer = await fetch(...request);
    await released;
    return answer;
  };
});

/**
 * The answer to a button replaces the others, and what they have asked: one that is pressed meanwhile is pressed again
 * on the page that comes, if it is still there, with what was chosen for it (« + »).
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
      pressedMeanwhile.push({ name: button.name, value: button.value, choice: choiceFor(button)?.value });
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
    pressAgain(pressedMeanwhile.shift());
  }
});

/** The list that enables this button. */
function choiceFor(button) {
  return document.querySelector(`select[data-enables="${button.id}"]`);
}

function pressAgain(pressed) {
  const buttons = [...document.querySelectorAll("button[hx-post]")];
  const button = buttons.find(({ name, value }) => name === pressed?.name && value === pressed.value);
  if (button && pressed.choice) {
    choiceFor(button).value = pressed.choice;
    followChoices();
  }
  button?.click();
}

/** Wait until the page may change: nothing is pressed, and no button that acts in place waits for its answer. */
export async function still() {
  await released;
  while (acting) {
    await new Promise((resolve) => document.addEventListener("htmx:finally:request", resolve, { once: true }));
  }
}

/** « Enter » in a search presses the search's own button. */
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-enter]")) {
    event.preventDefault();
    document.getElementById(event.target.dataset.enter).click();
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
  if (errorSummary()) {
    focusNewErrors();
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
