// Keys. One letter acts on the row or card that has the focus; `?` lists them; Settings can turn them off.
"use strict";

const PLACES = { t: "/", u: "/upcoming/", a: "/tasks/", b: "/board/", c: "/calendar/", p: "/projects/", r: "/reports/", n: "/notifications/" };
const FIELDS = { s: "stage", t: "due", p: "priority", a: "assign", r: "reminder", m: "move", l: "labels", c: "comment" };
const ITEMS = "[data-task]";
let goesTo = false;

const isTyping = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const here = () => document.activeElement?.closest?.(ITEMS) ?? $(`${ITEMS}.on`) ?? $("[data-this-task]");
const pressable = (item, selector) => item && $(selector, item);

function step(by) {
  const items = $$(ITEMS).filter((item) => item.offsetParent !== null);
  if (!items.length) return;
  const at = items.indexOf(here());
  const to = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))];
  items.forEach((item) => item.classList.toggle("on", item === to));
  ($(".title", to) ?? to).focus();
}

function press(element) {
  if (!element || element.disabled) return false;
  element.click();
  return true;
}

function openForm(field) {
  const item = here(), id = item?.dataset.task ?? item?.dataset.thisTask;
  const inPage = $(`[data-edit="${field}"]`, $("[data-this-task]") ?? document.createElement("p"));
  if (inPage) return press(inPage);
  if (!id) return false;
  openDialog(`/tasks/${id}/edit/?field=${field}`);
  return true;
}

const ACTIONS = {
  j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
  q: () => press($("[data-quick]")), "/": () => press($("[data-search]")),
  e: () => press(pressable(here(), "[data-verb=complete], .check.done")),
  x: () => press(pressable(here(), "[data-select]")),
  "#": () => press(pressable(here(), "[data-verb=delete]")) || removeHere(),
  z: () => press($$("[data-undo]").at(-1)),
  "?": () => openDialog("/keys/"),
  g: () => { goesTo = true; setTimeout(() => { goesTo = false; }, 1500); },
};

function removeHere() {
  const id = here()?.dataset.task;
  return id ? submitVerb(`/tasks/${id}/delete/`) : false;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); openDialog("/palette/"); return; }
  if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || $("dialog[open]")) return;
  if (document.body.dataset.keys === "off" && event.key.length === 1) return;
  if (event.key.startsWith("Arrow") && (event.shiftKey || !event.target.closest(`${ITEMS}, body:not(:focus-within)`))) return;
  if (goesTo && PLACES[event.key]) { location.assign(PLACES[event.key]); return; }
  const done = ACTIONS[event.key] ? (ACTIONS[event.key](), true) : FIELDS[event.key] && here() ? openForm(FIELDS[event.key]) : false;
  if (done) event.preventDefault();
});

// The palette: what is typed narrows the list; arrows choose, Enter goes.
const options = () => $$("#go-list li").filter((option) => !option.hidden);

function choose(option) {
  $$("#go-list li").forEach((one) => one.setAttribute("aria-selected", String(one === option)));
  option?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "go") return;
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of $$("#go-list li")) option.hidden = !words.every((word) => option.textContent.toLowerCase().includes(word));
  choose(options()[0]);
});

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "go") return;
  const shown = options(), at = shown.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose(shown[Math.min(shown.length - 1, at + 1)]);
  else if (event.key === "ArrowUp") choose(shown[Math.max(0, at - 1)]);
  else if (event.key === "Enter" && at >= 0) $("a", shown[at]).click();
  else return;
  event.preventDefault();
});
