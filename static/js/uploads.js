/**
 * Fields for PDFs (data-file-field) that send what is chosen at once, and show how it goes.
 *
 * A file is checked here as far as the browser can tell, then sent alone, with what is typed, to the step's own address;
 * the answer is the step's page, of which the field's box, the rail and the errors are taken. Files go one after the
 * other. What could not be sent stays here, with « Réessayer ». The input never keeps a file, so that no form sends it again.
 *
 * In a form with data-sends-all (a document outside an invoice) the file is only checked, and goes with « Valider ».
 *
 * Words and parts: templates/invoices/uploads.html. Without this script these are ordinary file fields.
 */

import { errorSummary, fetchPage } from "./portail.js";
import { boxOf, prepareAll, replaceBox, replaceParts, showError, summarise, words } from "./uploads/box.js";
import { all, attach, goOn, hold, uploads } from "./uploads/queue.js";
import { Upload, refusalOf } from "./uploads/upload.js";

/** A file was chosen, or several: send it, or say why not. */
async function choose(input) {
  const [file, ...others] = input.files;
  const before = uploads.get(input.id);
  if (before) {
    before.erase();
    before.drop();
  }
  if (!file) {
    return;
  }
  const upload = new Upload(input, file);
  const refusal = others.length ? words.several : await refusalOf(file);
  if (!upload.sendsAll || refusal) {
    input.value = "";
  }
  showError(boxOf(input.id), "");
  summarise(upload.form);
  if (refusal) {
    uploads.set(upload.id, upload);
    upload.refuse(refusal);
  } else if (!upload.sendsAll) {
    uploads.set(upload.id, upload);
    upload.draw();
    goOn();
  }
}

/**
 * What to do instead of sending a form: wait for the uploads, go back to the one that failed, or send its file with
 * progress. Returns whether the form is not to be sent.
 */
function keepsBack(form, button) {
  const mine = all().filter((upload) => upload.form === form);
  const backwards = button?.name === "wizard_goto_step" && button.value !== "transmettre";
  const broken = mine.find((upload) => upload.state === "broken");
  const refused = mine.find((upload) => upload.state === "refused" && !boxOf(upload.id)?.querySelector(".file-card"));
  if (mine.some((upload) => upload.active)) {
    if (!("sendsAll" in form.dataset)) {
      hold({ name: button?.name, value: button?.value });
    }
    return true;
  }
  if (broken && !backwards) {
    boxOf(broken.id).querySelector("[data-retry]").focus();
    return true;
  }
  if (refused && !backwards) {
    errorSummary()?.focus();
    return true;
  }
  const input = "sendsAll" in form.dataset && form.querySelector("[data-file-field] input[type=file]");
  if (input && input.files.length) {
    const upload = new Upload(input, input.files[0]);
    uploads.set(upload.id, upload);
    upload.draw();
    goOn();
    return true;
  }
  all().forEach((upload) => upload.state === "refused" && uploads.delete(upload.id));
  return false;
}

document.addEventListener("change", (event) => {
  if (words && event.target.matches("[data-file-field] input[type=file]")) {
    choose(event.target);
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-replace]")) {
    event.target.closest("[data-file-field]").querySelector("input[type=file]").click();
  }
});

// On the way down, before what marks a form as sent (portail.js).
document.addEventListener(
  "submit",
  (event) => {
    if (words && keepsBack(event.target, event.submitter)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  },
  { capture: true },
);

document.addEventListener("htmx:after:swap", attach);

window.addEventListener("offline", () => {
  all()
    .filter((upload) => upload.state === "sending")
    .forEach((upload) => {
      upload.request?.abort();
      upload.fail("offline");
    });
});

window.addEventListener("online", () => {
  all()
    .filter((upload) => upload.problem === "offline")
    .forEach((upload) => upload.retry());
});

/** Gone back to, the step as the browser kept it may be of before its files arrived. */
window.addEventListener("pageshow", async (event) => {
  const { type } = performance.getEntriesByType("navigation")[0] ?? {};
  if (event.persisted || type !== "back_forward" || !document.getElementById("etape")) {
    return;
  }
  const { response, page } = await fetchPage(window.location.href).catch(() => ({}));
  if (!response?.ok || response.redirected) {
    return;
  }
  const boxes = document.querySelectorAll("[data-file-field]");
  const fresh = page.querySelectorAll("[data-file-field]");
  if (all().length || boxes.length !== fresh.length) {
    return;
  }
  boxes.forEach((box, rank) => replaceBox(box, fresh[rank]));
  replaceParts(page);
});

// --- Dropped files: anywhere on a box; beside one nothing happens, where a browser would leave the page ---------------

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function mark(box) {
  document.documentElement.toggleAttribute("data-dragging", box !== undefined);
  document.querySelectorAll("[data-file-field]").forEach((each) => each.toggleAttribute("data-over", each === box));
}

document.addEventListener("dragover", (event) => {
  if (carriesFiles(event)) {
    const box = event.target.closest?.("[data-file-field]") ?? null;
    event.preventDefault();
    event.dataTransfer.dropEffect = box ? "copy" : "none";
    mark(box);
  }
});

document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) {
    mark(undefined);
  }
});

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) {
    return;
  }
  event.preventDefault();
  mark(undefined);
  const input = event.target.closest?.("[data-file-field]")?.querySelector("input[type=file]");
  if (input) {
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

prepareAll();
