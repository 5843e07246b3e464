/**
 * One upload: a file on its way to its field, from the moment it was chosen until the server keeps or refuses it.
 */

import { announce, errorSummary, fetchPage, readPage, takeToken } from "../portail.js";
import { still } from "../in_place.js";
import {
  boxOf,
  fieldOf,
  made,
  prepare,
  readerIsIn,
  replaceBox,
  replaceParts,
  showError,
  showPage,
  summarise,
  words,
} from "./box.js";
import { goOn, held, hold, leave, replaceForm, uploads } from "./queue.js";

const STALL_MS = 30_000;
const HEADER = "%PDF-";

/** Why the file cannot be a PDF that the portal takes, in the server's words; "" when it may be one. */
export async function refusalOf(file) {
  if (words.none) {
    return words.none;
  }
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

export class Upload {
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
    // What follows moves the page.
    const over = (act) => mine(() => still().then(mine(act)));
    request.addEventListener("load", over(() => this.answered(request)));
    request.addEventListener("error", over(() => this.fail(navigator.onLine ? "line" : "offline")));
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
    let answer;
    try {
      answer = await fetchPage(window.location.href);
    } catch {
      if (this.state === "sending") {
        this.fail("line");
      }
      return false;
    }
    if (this.state !== "sending" || !this.isOurs(answer.response.status, answer.response.url)) {
      return false;
    }
    takeToken(answer.page);
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
    const page = readPage(request.responseText);
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
      errorSummary().focus();
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
      errorSummary()?.focus();
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
        errorSummary().focus();
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
