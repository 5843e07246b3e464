/**
 * Files dropped onto a page: anywhere on a field's box they are chosen in that field, beside a field nothing happens
 * (a browser would leave the page and show the file). The boxes say where while a file is over the page.
 */

const BOX = "[data-file-field]";

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function mark(box) {
  document.documentElement.toggleAttribute("data-dragging", box !== undefined);
  document.querySelectorAll(BOX).forEach((each) => each.toggleAttribute("data-over", each === box));
}

document.addEventListener("dragover", (event) => {
  if (carriesFiles(event)) {
    const box = event.target.closest?.(BOX) ?? null;
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
  const input = event.target.closest?.(BOX)?.querySelector("input[type=file]");
  if (input) {
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
