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
  if (place.contains(item)) return;
  item.setAttribute("aria-busy", "true");
  submitVerb(`/tasks/${item.dataset.task}/${dropVerb}/?${new URLSearchParams({ [dropField]: drop })}`);
}

function makeDraggable() {
  if (!$("[data-drop]")) return;
  for (const item of $$("[data-task]:not([draggable])")) item.draggable = true;
}
makeDraggable();
new MutationObserver(makeDraggable).observe(document.body, { childList: true, subtree: true });

// The board by keyboard: arrows walk, Shift with an arrow moves the card, `m` asks where to, Enter opens it.
const columns = () => $$(".column");

function walkCards(event) {
  const card = event.target.closest?.(".card");
  if (!card || event.target !== card) return;
  const all = columns(), at = all.indexOf(card.closest(".column"));
  const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key], along = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.key === "Enter") { $(".title", card).click(); return; }
  if (event.key === "m") { event.preventDefault(); event.stopPropagation(); askWhereTo(card); return; }
  if (!side && !along) return;
  event.preventDefault();
  const cards = $$(".card", all[at]), place = cards.indexOf(card);
  if (along) cards[Math.min(cards.length - 1, Math.max(0, place + along))].focus();
  else if (event.shiftKey) { if (all[at + side] && !("fixed" in card.dataset)) moveTo(card, all[at + side]); }
  else $$(".card", all[at + side] ?? all[at])[Math.min(place, $$(".card", all[at + side] ?? all[at]).length - 1)]?.focus();
}
document.addEventListener("keydown", walkCards, true);

function askWhereTo(card) {
  const dialog = $("#dialog");
  openedFrom = card;
  dialog.className = "dialog menu";
  dialog.replaceChildren(...columns().filter((column) => !column.contains(card)).map((column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = $("h2", column).textContent;
    button.addEventListener("click", () => { closeDialog(); moveTo(card, column); });
    return button;
  }));
  const head = document.createElement("h2");
  head.textContent = $("[data-move]", card)?.getAttribute("aria-label") ?? "";
  dialog.prepend(head);
  dialog.setAttribute("aria-label", head.textContent);
  dialog.showModal();
  $("button", dialog).focus();
}

document.addEventListener("click", (event) => {
  const mover = event.target.closest("[data-move]");
  if (mover) askWhereTo(mover.closest(".card"));
  const shower = event.target.closest("[data-show]");
  if (shower) $(`#column-${shower.dataset.show}`).scrollIntoView({ inline: "center", block: "nearest" });
});

// On a phone, the buttons above the board say which column is on screen.
if ($(".switch")) {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      for (const button of $$("[data-show]")) button.setAttribute("aria-pressed", String(`column-${button.dataset.show}` === entry.target.id));
    }
  }, { threshold: 0.6 });
  columns().forEach((column) => seen.observe(column));
}
