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

const words = document.querySelector("[data-uploads]")?.dataset;
const STALL_MS = 30_000;
const HEADER = "%PDF-";

/** The uploads that are not over, by the id of their input; that of a refused file stays until another is chosen. */
const uploads = new Map();
/** The button of the wizard's form that was pressed, and waits for the end of the uploads: its name and value. */
let held = null;
let leaving = false;

// --- The parts of a field's box -----------------------------------------------------------------------------------

function boxOf(id) {
  return document.getElementById(id)?.closest("[data-file-field]") ?? null;
}

function fieldOf(box) {
  return box.matches(".field") ? box : box.querySelector(".field");
}

function made(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

/** « Remplacer » opens the list of files at once; without this script it is a disclosure. */
function prepare(box) {
  const replace = box.querySelector("[data-replace]");
  const disclosure = box.querySelector(".file-replace");
  if (replace && disclosure) {
    replace.hidden = false;
    disclosure.hidden = !disclosure.open;
  }
}

function prepareAll() {
  document.querySelectorAll("[data-file-field]").forEach(prepare);
}

/** Say under the field's label why its file is refused; nothing is said where there is no sentence. */
function showError(box, sentence) {
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

/** The error summary of a form: all that its fields say is wrong, in their order; announced when it says anything new. */
function summarise(form) {
  const errors = [...form.querySelectorAll("[id$=_error] .field__error span")];
  const before = document.querySelector("[data-error-summary]");
  const said = [...(before?.querySelectorAll("li") ?? [])].map((item) => item.textContent.trim());
  if (said.length === errors.length && errors.every((error, rank) => error.textContent === said[rank])) {
    return;
  }
  before?.remove();
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

function announce(text) {
  const region = document.querySelector("[data-uploads]");
  if (region) {
    region.textContent = text;
  }
}

/** Whether the reader is in this box, or nowhere since what they pressed there is gone. */
function readerIsIn(box) {
  return box.contains(document.activeElement) || document.activeElement === document.body;
}

// --- Before the transfer: what the browser can tell -----------------------------------------------------------------

/** Why the file cannot be a PDF that the portal takes, in the server's words; "" when it may be one. */
async function refusalOf(file) {
  if (file.size === 0) {
    return words.empty;
  }
  if (file.size > Number(words.maxBytes)) {
    return words.tooLarge;
  }
  try {
    return (await file.slice(0, HEADER.length).text()) === HEADER ? "" : words.notPdf;
  } catch {
    return words.unreadable;
  }
}

// --- One upload -----------------------------------------------------------------------------------------------------

class Upload {
  constructor(input, file) {
    this.id = input.id;
    this.name = input.name;
    this.slot = input.closest("[data-file-field]").dataset.fileField;
    this.file = file;
    this.sendsAll = "sendsAll" in input.form.dataset;
    this.state = "waiting"; // then sending, broken or refused
    this.problem = "";
    this.percent = 0;
    this.needsToken = false;
  }

  /** The form of its field, which a swap may have replaced. */
  get form() {
    return document.getElementById(this.id)?.form;
  }

  get active() {
    return this.state === "waiting" || this.state === "sending";
  }

  /** Show how it stands in its box, which a swap may have replaced; it ends with a box that has gone. */
  draw() {
    const box = boxOf(this.id);
    if (!box) {
      this.drop();
      goOn();
      return;
    }
    let panel = box.querySelector(".upload");
    if (!panel) {
      const inside = readerIsIn(box);
      panel = made("modele-envoi");
      panel.querySelectorAll("[data-name]").forEach((name) => (name.textContent = this.file.name));
      panel.querySelector("progress").setAttribute("aria-label", `Envoi de ${this.file.name}`);
      panel.querySelector("[data-retry]").addEventListener("click", () => {
        this.retry();
        panel.querySelector("[data-cancel]").focus();
      });
      panel.querySelector("[data-cancel]").addEventListener("click", () => this.cancel());
      box.querySelector("input[type=file]").hidden = true;
      box.querySelector("[data-replace]")?.setAttribute("hidden", "");
      box.querySelector(".file-replace")?.setAttribute("hidden", "");
      fieldOf(box).append(panel);
      if (inside) {
        panel.querySelector("[data-cancel]").focus();
      }
    }
    panel.querySelector("progress").value = this.state === "broken" ? 0 : this.percent;
    panel.querySelector("[data-state]").textContent =
      this.state === "waiting"
        ? "en attente"
        : this.state === "broken"
          ? "interrompu"
          : this.percent < 100
            ? `${this.percent} %`
            : "vérification…";
    const problem = panel.querySelector("[data-problem]");
    problem.hidden = this.problem === "";
    problem.querySelector("[data-sentence]").textContent = this.problem ? words[this.problem] : "";
    panel.querySelector("[data-retry]").hidden = this.problem === "";
    panel.querySelector("[data-log-in]").hidden = this.problem !== "expired";
    // Once all of it is there, it is for the server to keep it.
    panel.querySelector("[data-cancel]").hidden = this.percent === 100 && this.state === "sending";
  }

  /** Take the panel away, and give the field its control back. */
  erase() {
    const box = boxOf(this.id);
    const panel = box?.querySelector(".upload");
    if (panel) {
      const inside = box.contains(document.activeElement);
      panel.remove();
      box.querySelector("input[type=file]").hidden = false;
      prepare(box);
      if (inside) {
        (box.querySelector("[data-replace]:not([hidden])") ?? box.querySelector("input[type=file]")).focus();
      }
    }
  }

  /** Have nothing more to do with it. */
  drop() {
    clearTimeout(this.stall);
    this.state = "over";
    this.request?.abort();
    uploads.delete(this.id);
  }

  /** « Annuler »; what waited for the file does not go on without it. */
  cancel() {
    this.erase();
    this.drop();
    hold(null);
    announce(`${this.file.name} : envoi annulé.`);
    goOn();
  }

  /** « Réessayer », with the page's present token: the one of the form may be of a session that has ended. */
  retry() {
    clearTimeout(this.stall);
    this.request?.abort();
    this.state = "waiting";
    this.problem = "";
    this.percent = 0;
    this.needsToken = true;
    this.draw();
    goOn();
  }

  fail(problem) {
    clearTimeout(this.stall);
    this.state = "broken";
    this.problem = problem;
    this.draw();
    announce(`${this.file.name} : ${words[problem]}`);
    if (held) {
      boxOf(this.id)?.querySelector("[data-retry]").focus();
    }
    goOn();
  }

  async send() {
    this.state = "sending";
    this.draw();
    announce(`${this.file.name} : envoi commencé.`);
    if (this.needsToken && !(await this.renewToken())) {
      return;
    }
    // Cancelled meanwhile, or changed on the disk since it was chosen.
    const refusal = await refusalOf(this.file);
    if (this.state !== "sending") {
      return;
    }
    if (refusal) {
      this.refuse(refusal);
      return;
    }
    const request = new XMLHttpRequest();
    this.request = request;
    const mine = (act) => (event) => {
      if (this.request === request && this.state === "sending") {
        act(event);
      }
    };
    request.upload.addEventListener("progress", mine((event) => this.progress(event)));
    request.addEventListener("readystatechange", mine(() => this.watch()));
    request.addEventListener("load", mine(() => this.answered(request)));
    request.addEventListener("error", mine(() => this.fail(navigator.onLine ? "line" : "offline")));
    request.open("POST", this.form.action);
    request.send(this.body());
    this.watch();
  }

  /** What is typed in the form, and this file alone. */
  body() {
    const body = new FormData(this.form);
    if (!this.sendsAll) {
      for (const [name, value] of [...body]) {
        if (value instanceof File) {
          body.delete(name);
        }
      }
      body.append("recevoir", this.slot);
    }
    body.set(this.name, this.file);
    return body;
  }

  /** Something moves; when nothing does for a while, say so and go on. */
  watch() {
    clearTimeout(this.stall);
    if (this.problem) {
      this.problem = "";
      this.draw();
    }
    this.stall = setTimeout(() => {
      this.problem = "stalled";
      this.draw();
      announce(`${this.file.name} : ${words.stalled}`);
    }, STALL_MS);
  }

  progress({ loaded, total }) {
    const before = this.percent;
    this.percent = Math.floor((100 * loaded) / total);
    this.watch();
    this.draw();
    const quarter = 25 * Math.floor(this.percent / 25);
    if (quarter > before && quarter < 100) {
      announce(`${this.file.name} : ${quarter} %`);
    }
  }

  /** The page anew, for its token. Returns whether it is still this page; what else happened has been dealt with. */
  async renewToken() {
    let response;
    try {
      response = await fetch(window.location.href);
    } catch {
      if (this.state === "sending") {
        this.fail("line");
      }
      return false;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (this.state !== "sending") {
      return false;
    }
    if (!this.isOurs(response.status, response.url)) {
      return false;
    }
    const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((input) => (input.value = token));
    this.needsToken = false;
    return true;
  }

  /** Whether an answer is about this form. One that is not is dealt with: the log-in page, a draft that has gone. */
  isOurs(status, url) {
    const { pathname } = new URL(url);
    if (pathname === words.login) {
      this.fail("expired");
    } else if ([403, 404, 410].includes(status)) {
      leave(window.location.href);
    } else if (status !== 200) {
      this.fail("server");
    } else if (pathname === window.location.pathname || this.sendsAll) {
      return true;
    } else {
      leave(url);
    }
    return false;
  }

  answered(request) {
    clearTimeout(this.stall);
    if (request.status === 413) {
      this.refuse(words.overTheLine);
      return;
    }
    if (request.status === 403 && !this.renewed) {
      // Logged in again in another tab: the form's token is of before.
      this.renewed = true;
      this.retry();
      return;
    }
    if (!this.isOurs(request.status, request.responseURL)) {
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    if (this.sendsAll) {
      showPage(page, request.responseURL);
      uploads.delete(this.id);
    } else {
      this.take(page);
    }
    goOn();
  }

  refuse(sentence) {
    clearTimeout(this.stall);
    this.erase();
    this.state = "refused";
    const box = boxOf(this.id);
    if (!box) {
      this.drop();
      goOn();
      return;
    }
    const inside = readerIsIn(box) || held !== null;
    showError(box, `${this.file.name} : ${sentence}`);
    summarise(this.form);
    if (inside) {
      document.querySelector("[data-error-summary]").focus();
    }
    goOn();
  }

  /** Take from the step's page what the file changed: its field, the rail, the errors. */
  take(page) {
    const box = boxOf(this.id);
    const fresh = box && page.getElementById(this.id)?.closest("[data-file-field]");
    if (!fresh) {
      // The field was removed, here or in another tab: the page says so.
      uploads.delete(this.id);
      replaceForm(page);
      document.querySelector("[data-error-summary]")?.focus();
      return;
    }
    const inside = readerIsIn(box);
    const refused = fresh.querySelector("[id$=_error]") !== null;
    replaceBox(box, fresh);
    // A refusal changes nothing of what the draft holds, though its page counts it as missing.
    if (!refused) {
      replaceParts(page);
    }
    // What is not wrong any more elsewhere in the form; what is still wrong is there already.
    for (const error of this.form.querySelectorAll("[id$=_error]")) {
      const field = error.closest(".field");
      if (!page.getElementById(error.id) && !field.matches("[data-file-field]")) {
        error.remove();
        field.classList.remove("field--error");
        field.querySelectorAll("[aria-invalid]").forEach((control) => control.removeAttribute("aria-invalid"));
      }
    }
    summarise(this.form);
    this.state = refused ? "refused" : "over";
    if (refused) {
      if (inside || held) {
        document.querySelector("[data-error-summary]").focus();
      }
    } else {
      uploads.delete(this.id);
      announce(`${this.file.name} : enregistré.`);
      if (inside && !held) {
        fresh.querySelector(".file-card__name a")?.focus();
      }
    }
  }
}

// --- All of them ----------------------------------------------------------------------------------------------------

function all() {
  return [...uploads.values()];
}

/** Send the next file when none is on its way; once none is left, send the form that waited for them. */
function goOn() {
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
function hold(button) {
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
function leave(url) {
  leaving = true;
  if (url === window.location.href) {
    window.location.reload();
  } else {
    window.location.assign(url);
  }
}

function replaceBox(box, fresh) {
  box.replaceWith(fresh);
  window.htmx.process(fresh);
  prepare(fresh);
}

/** What else of the step's page tells how the draft stands: the rail, when it was saved. */
function replaceParts(page) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = page.querySelector(`[data-part=${part.dataset.part}]`);
    if (now && !part.isEqualNode(now)) {
      part.replaceWith(now);
      window.htmx.process(now);
    }
  }
}

function replaceForm(page) {
  document.getElementById("en-place").replaceWith(page.getElementById("en-place"));
  window.htmx.process(document.getElementById("en-place"));
  attach();
}

/** Show the main part of a page that came as an answer, in the place of this one. */
function showPage(page, url) {
  document.title = page.title;
  window.history.replaceState(null, "", url);
  const main = page.querySelector("main");
  document.querySelector("main").replaceWith(main);
  window.htmx.process(main);
  window.scrollTo(0, 0);
  main.focus();
  // What listens for parts that htmx brought hears of this one too.
  document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: { ctx: { sourceElement: main } } }));
}

/** After a part of the page was replaced: show the uploads in their new boxes. */
function attach() {
  prepareAll();
  all().forEach((upload) => (upload.state === "refused" ? uploads.delete(upload.id) : upload.draw()));
}

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
    document.querySelector("[data-error-summary]")?.focus();
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

// Before what marks a form as sent (portail.js).
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
  const response = await fetch(window.location.href).catch(() => null);
  if (!response?.ok || response.redirected) {
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const boxes = document.querySelectorAll("[data-file-field]");
  const fresh = page.querySelectorAll("[data-file-field]");
  if (all().length || boxes.length !== fresh.length) {
    return;
  }
  boxes.forEach((box, rank) => replaceBox(box, fresh[rank]));
  replaceParts(page);
});

window.addEventListener("beforeunload", (event) => {
  if (!leaving && all().some((upload) => upload.active || upload.state === "broken")) {
    event.preventDefault();
  }
});

prepareAll();
