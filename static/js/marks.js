/** A value that the person changes is theirs: the words on where it was read go at once (components/field.html). */

document.addEventListener("input", ({ target }) => {
  document.getElementById(`${target.id}_mark`)?.remove();
});
