/**
 * « Vérifier un dépôt »: compare the SHA-256 of a chosen file with those of the deposit, which the page lists.
 *
 * The file is read here and sent nowhere. Browsers hash in a secure context only (https, or this very machine):
 * elsewhere the page says so. Without this script the hashes are compared by hand.
 */

const verifier = document.querySelector("[data-verifier]");

/** Say what was found, for this file. */
function tell(verdict, name) {
  const words = verifier.querySelector(`template[data-when="${verdict}"]`).content.cloneNode(true);
  words.querySelector("[data-name]").textContent = name;
  verifier.querySelector("[data-verdict]").replaceChildren(words);
}

/** The SHA-256 of a file, as the page writes them. */
async function sha256(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What to say of a file; one larger than any that is deposited need not be read. */
async function compare(file) {
  if (file.size > Number(verifier.dataset.maxBytes)) {
    return "other";
  }
  const hashes = [...document.querySelectorAll("[data-sha256]")].map((code) => code.textContent.trim());
  try {
    return hashes.includes(await sha256(file)) ? "same" : "other";
  } catch {
    return "unread";
  }
}

async function verify(input) {
  const file = input.files[0];
  verifier.querySelector("[data-verdict]").replaceChildren();
  if (!file) {
    return;
  }
  const verdict = await compare(file);
  // Another file may have been chosen while this one was read.
  if (input.files[0] === file) {
    tell(verdict, file.name);
  }
}

if (verifier && globalThis.crypto?.subtle) {
  const input = verifier.querySelector("input");
  verifier.hidden = false;
  document.querySelector("[data-by-hand]").open = false;
  input.addEventListener("change", () => verify(input));
  // A browser that comes back to the page may keep the file that was chosen.
  verify(input);
} else if (verifier) {
  document.querySelector("[data-verifier-insecure]").hidden = false;
}
