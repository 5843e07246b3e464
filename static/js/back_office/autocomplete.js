/**
 * Names the fields that stand for a list with a search (select2) after the label of that list: they have no name else.
 *
 * Django makes them once the page is there, and when a line is added to a table: each is named as it comes.
 */

const CONTAINER = ".select2-container";

/** « Établissement employeur, Horizon Lyon »: the label, then what is chosen. */
function name(container) {
  const list = container.previousElementSibling;
  const label = list instanceof HTMLSelectElement ? list.labels[0] : null;
  if (!label) return;
  label.id ||= `${list.id}-label`;
  const chosen = container.querySelector(".select2-selection__rendered");
  for (const named of [container.querySelector("[role=combobox]"), chosen]) {
    named.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
  }
}

function nameWithin(element) {
  if (element.matches(CONTAINER)) name(element);
  else element.querySelectorAll(CONTAINER).forEach(name);
}

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const added of addedNodes) if (added instanceof Element) nameWithin(added);
  }
}).observe(document.body, { childList: true, subtree: true });
nameWithin(document.body);
