// Dragging a task to another day or column, by the browser's own drag and drop. Each has a way without a pointer, too:
// `t` for the day, Shift with an arrow or `m` for the column.
"use strict";

let held = null;

const dropOf = (event) => event.target.closest?.("[data-drop]");
const clearDrops = () => $$(".over").forEach((place) => place.classList.remove("over"));

document.addEventListener("dragstart", (event) => {
  held = event.target.closest?.("[data-task]");
  if (!held) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", $(".title", held)?.textContent ?? "");
  held.classList.add("held");
});

document.addEventListener("dragover", (event) => {
  const place = held && dropOf(event);
  if (!place) return;
  event.preventDefault();
  if (place.classList.contains("over")) return;
  clearDrops();
  place.classList.add("over");
});

document.addEventListener("drop", (event) => {
  const place = held && dropOf(event);
  if (!place) return;
  event.preventDefault();
  moveTo(held, place);
});

document.addEventListener("dragend", () => {
  held?.classList.remove("held");
  held = null;
  clearDrops();
});

// The place says by which verb and field a task comes to it. The task stays where it was until the server agrees.
function moveTo(item, place) {
  const { drop, dropVerb = "move", dropField = "due_date" } = place.dataset;
  if (!place || place.contains(item)) return;
  item.setAttribute("aria-busy", "true");
  submitVerb(`/tasks/${item.dataset.task}/${dropVerb}/?${new URLSearchParams({ [dropField]: drop })}`);
}

function makeDraggable() {
  if (!$("[data-drop]")) return;
  for (const item of $$("[data-task]:not([draggable])")) item.draggable = true;
}
makeDraggable();
new MutationObserver(makeDraggable).observe(document.body, { childList: true, subtree: true });
