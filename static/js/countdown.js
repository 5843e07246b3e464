/**
 * Deposits that wait for their transmission, on a page that stays open (templates/invoices/deposit_status.html).
 *
 * The time left counts down from what the server said, so the reader's clock does not matter; it is silent for screen
 * readers. Once it is over, what was possible until then goes, and the server is asked how the deposit stands, ever
 * more rarely, until it says or ten minutes have passed; a page that nobody looks at asks nothing. Sentences that hold
 * in one state only (data-of, data-state) follow it.
 */

import { announce, fetchPage } from "./portail.js";

const ADDRESS = "/depots/statuts/";
const MINUTES_IN_WORDS_FROM = 180;
const FIRST_QUESTION_MS = 1500;
const LONGEST_PAUSE_MS = 15_000;
const GIVE_UP_MS = 600_000;

// Of each deposit that waits: when its delay ends, by the reader's clock as it was when the server spoke.
const ends = new Map();
let loggedOut = false;
let ticking = null;
let question = null;
let pause = FIRST_QUESTION_MS;

function waiting() {
  return [...document.querySelectorAll("[data-deposit] time[data-seconds-left]")];
}

function depositOf(time) {
  return time.closest("[data-deposit]").dataset.deposit;
}

/** « encore 12 minutes », « encore 2:05 », « dans un instant ». */
function words(seconds) {
  if (seconds <= 0) {
    return "dans un instant";
  }
  if (seconds > MINUTES_IN_WORDS_FROM) {
    return `encore ${Math.ceil(seconds / 60)} minutes`;
  }
  return `encore ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Write the time left of every deposit, and take away what is possible only until its end. */
function show() {
  for (const time of waiting()) {
    const seconds = Math.ceil((ends.get(depositOf(time)) - Date.now()) / 1000);
    const text = words(seconds);
    if (time.textContent !== text) {
      time.textContent = text;
    }
    if (seconds <= 0) {
      close(depositOf(time));
    }
  }
}

/** The delay of this deposit is over: nothing can be cancelled any more. */
function close(deposit) {
  for (const part of document.querySelectorAll(`[data-until-sent="${deposit}"]`)) {
    const title =
      part.contains(document.activeElement) && document.querySelector(`#depot-${deposit}, #recu-${deposit}`);
    part.remove();
    if (title) {
      title.tabIndex = -1;
      title.focus();
    }
  }
}

/** Those whose delay is over, and of whom it is not too late to ask. */
function due() {
  const now = Date.now();
  return [...new Set(waiting().map(depositOf))].filter(
    (deposit) => ends.get(deposit) <= now && now < ends.get(deposit) + GIVE_UP_MS,
  );
}

async function ask(deposits) {
  const query = new URLSearchParams(deposits.map((deposit) => ["depot", deposit]));
  const { response, page } = await fetchPage(`${ADDRESS}?${query}`);
  if (!response.ok || response.redirected) {
    loggedOut = true; // whoever wants to know more reloads the page
    return;
  }
  for (const status of page.querySelectorAll("[data-deposit]")) {
    take(status);
  }
}

/** Put a status that the server told in the place of those that the page shows, and say that a wait is over. */
function take(status) {
  const { deposit } = status.dataset;
  const stillWaits = status.querySelector("time[data-seconds-left]");
  if (stillWaits) {
    // Late already: its ten minutes go on.
    if (Number(stillWaits.dataset.secondsLeft) > 0) {
      ends.set(deposit, Date.now() + 1000 * stillWaits.dataset.secondsLeft);
    }
    return;
  }
  ends.delete(deposit);
  close(deposit);
  for (const shown of document.querySelectorAll(`[data-deposit="${deposit}"]`)) {
    shown.replaceWith(document.importNode(status, true));
  }
  for (const sentence of document.querySelectorAll(`[data-of="${deposit}"]`)) {
    sentence.hidden = sentence.dataset.state !== status.dataset.state;
  }
  announce(`${status.dataset.title} : ${status.textContent.trim()}`);
}

/** Ask now or later about what is due, and go on until nothing is; `at` says in how many milliseconds. */
function askIn(at) {
  question = setTimeout(async () => {
    const deposits = due();
    if (deposits.length) {
      pause = Math.min(1.5 * pause, LONGEST_PAUSE_MS);
      try {
        await ask(deposits);
      } catch {
        // The line is broken: the next question may get through.
      }
      show();
    }
    question = null;
    tick();
  }, at);
}

/** Once a second while something waits and somebody looks. */
function tick() {
  show();
  const wanted = !document.hidden && !loggedOut && waiting().some((time) => ends.get(depositOf(time)) + GIVE_UP_MS > Date.now());
  if (!wanted) {
    clearInterval(ticking);
    clearTimeout(question);
    ticking = question = null;
    return;
  }
  ticking ??= setInterval(tick, 1000);
  if (question === null) {
    if (due().length) {
      askIn(pause);
    } else {
      pause = FIRST_QUESTION_MS;
    }
  }
}

/** Read what the page, or a part that was put into it, says of the time left. */
function start() {
  for (const time of waiting()) {
    const deposit = depositOf(time);
    if (!ends.has(deposit)) {
      ends.set(deposit, Date.now() + 1000 * time.dataset.secondsLeft);
    }
  }
  tick();
}

document.addEventListener("visibilitychange", tick);
document.addEventListener("htmx:after:swap", start);

/** A page that the browser kept says how it was then: what waited there is asked once, at whatever time. */
window.addEventListener("pageshow", (event) => {
  const again = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const deposits = [...new Set(waiting().map(depositOf))];
  if (again && deposits.length) {
    ask(deposits).then(tick, tick);
  }
});

start();
