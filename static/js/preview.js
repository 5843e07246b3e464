/**
 * « Aperçu » in place: the preview page of a document, in a dialog, so that nobody leaves what they were doing.
 *
 * - A link with data-preview leads to that page; here its #apercu is shown instead, its links to the other pages too.
 * - Left and right arrow turn the pages, in the dialog and on the page itself; Escape and « Fermer » close.
 * - A picture with data-comes-later that did not come, as when too many are asked for at once, is asked for again.
 */

import { fetchPage } from "./portail.js";

const TRIES = 3;
const WAIT_MS = 2000;

let dialog = null;
let note = null;
let content = null;
/** The request under way; a newer one ends it. */
let request = null;

function build() {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button--small";
  close.textContent = "Fermer";
  close.addEventListener("click", () => dialog.close());

  note = document.createElement("p");
  note.setAttribute("role", "status");

  const bar = document.createElement("div");
  bar.className = "dialog__bar";
  bar.append(note, close);

  content = document.createElement("div");
  dialog = document.createElement("dialog");
  dialog.className = "dialog dialog--page";
  dialog.setAttribute("aria-labelledby", "apercu-titre");
  dialog.append(bar, content);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) {
      dialog.close(); // beside it
    }
  });
  dialog.addEventListener("close", () => {
    request?.abort();
    content.replaceChildren();
  });
  document.body.append(dialog);
}

/** Show the preview at this address in the dialog; what is not a preview (the log-in page) as a page of its own. */
async function show(address) {
  request?.abort();
  const mine = (request = new AbortController());
  say("Chargement…");
  try {
    const { page } = await fetchPage(address, { signal: mine.signal });
    const preview = page.getElementById("apercu");
    if (preview) {
      put(preview, address);
    } else {
      window.location.assign(address);
    }
  } catch {
    if (!mine.signal.aborted) {
      say("La page n’a pas pu être chargée. Vérifiez la connexion, puis recommencez.");
    }
  }
}

/** Say something in the dialog's bar; what is seen elsewhere is said to screen readers alone. */
function say(words, { seen = false } = {}) {
  note.className = seen ? "visually-hidden" : "dialog__note";
  note.textContent = words;
}

/** Put a preview in place of the one before; the reader stays on the link that they pressed, or on its opposite. */
function put(preview, address) {
  const pressed = content.contains(document.activeElement) ? document.activeElement.getAttribute("rel") : null;
  preview.querySelectorAll("a[href^='?']").forEach((link) => {
    link.href = new URL(link.getAttribute("href"), address);
  });
  // In the dialog it is a part of the page that it covers.
  const heading = document.createElement("h2");
  const own = preview.querySelector("h1");
  heading.id = own.id;
  heading.className = own.className;
  heading.append(...own.childNodes);
  own.replaceWith(heading);
  content.replaceChildren(preview);
  if (pressed) {
    (link(pressed) ?? link(pressed === "next" ? "prev" : "next"))?.focus();
  }
  dialog.scrollTop = 0;
  say(preview.querySelector(".pagination p")?.textContent ?? "", { seen: true });
}

/** The link to the previous or the next page, in the dialog or else on the page itself. */
function link(rel) {
  return document.querySelector(`${dialog?.open ? "dialog " : ""}#apercu a[rel=${rel}]`);
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("a[data-preview], dialog #apercu a[rel]");
  if (!pressed || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
    return;
  }
  event.preventDefault();
  if (!dialog) {
    build();
  }
  if (!dialog.open) {
    // Of the two links of a document, the picture is not in the order of the keyboard: focus comes back to the other.
    const opener = document.querySelector(`a[data-preview][href="${pressed.getAttribute("href")}"]:not([tabindex])`);
    opener?.focus();
    dialog.showModal();
  }
  show(pressed.href);
});

document.addEventListener("keydown", (event) => {
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (rel && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) {
    link(rel)?.click();
  }
});

/** Ask for a picture again in a while, a few times. */
function askAgain(picture) {
  const tries = Number(picture.dataset.comesLater) + 1;
  if (tries <= TRIES) {
    picture.dataset.comesLater = tries;
    setTimeout(() => {
      picture.src = picture.getAttribute("src");
    }, WAIT_MS * tries);
  }
}

// Errors of pictures do not rise to the document: they are met on their way down.
document.addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof Element && target.matches("img[data-comes-later]")) {
      askAgain(target);
    }
  },
  true,
);
// Those that were refused before this script was there.
[...document.querySelectorAll("img[data-comes-later]")]
  .filter((picture) => picture.complete && picture.naturalWidth === 0)
  .forEach(askAgain);
