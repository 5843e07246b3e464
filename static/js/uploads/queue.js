/**
 * The uploads of the page: one after the other, what waits for them, and what their end does to the page.
 */

import { announce } from "../portail.js";
import { enliven } from "../in_place.js";
import { prepareAll, words } from "./box.js";

/** The uploads that are not over, by the id of their input; that of a refused file stays until another is chosen. */
export const uploads = new Map();
/** The button of the wizard's form that was pressed, and waits for the end of the uploads: its name and value. */
export let held = null;
let leaving = false;

export function all() {
  return [...uploads.values()];
}

/** Send the next file when none is on its way; once none is left, send the form that waited for them. */
export function goOn() {
  const sending = all().some((upload) => upload.state === "sending");
  const next = all().find((upload) => upload.state === "waiting");
  if (!sending && next) {
    next.send();
    return;
  }
  if (!held || sending) {
    return;
  }
  const { name, value } = held;
  hold(null);
  if (!all().length) {
    const button = name ? document.querySelector(`button[name="${name}"][value="${value}"]`) : null;
    document.getElementById("etape").requestSubmit(button);
  }
}

/** Remember which button waits for the uploads, and say so beside the form's buttons. */
export function hold(button) {
  held = button;
  document.querySelectorAll("[data-waits]").forEach((note) => note.remove());
  if (button) {
    const note = document.createElement("p");
    note.className = "field__hint";
    note.dataset.waits = "";
    note.textContent = words.held;
    document.querySelector("#etape .button-row").append(note);
    announce(words.held);
  }
}

/** Another page is what this is about; nothing here is to be saved. */
export function leave(url) {
  leaving = true;
  if (url === window.location.href) {
    window.location.reload();
  } else {
    window.location.assign(url);
  }
}

/** Show the step's form of a page that came as an answer, in the place of this one. */
export function replaceForm(page) {
  const fresh = page.getElementById("en-place");
  document.title = page.title;
  document.getElementById("en-place").replaceWith(fresh);
  enliven(fresh);
  attach();
}

/** After a part of the page was replaced: show the uploads in their new boxes. */
export function attach() {
  prepareAll();
  all().forEach((upload) => (upload.state === "refused" ? uploads.delete(upload.id) : upload.draw()));
}

window.addEventListener("beforeunload", (event) => {
  if (!leaving && all().some((upload) => upload.active || upload.state === "broken")) {
    event.preventDefault();
  }
});
