// Selecting rows: by click, with Shift for a range, `x` and Shift-`x`, or all that match; and what is done with them.
"use strict";

const bulk = $("#bulk");
const boxes = () => $$("[data-select]");
let lastBox = null;

function showSelected() {
  const chosen = boxes().filter((box) => box.checked).length, all = bulk.elements.all.value === "true";
  bulk.hidden = chosen === 0;
  $("[data-selected]", bulk).textContent = all ? $("[data-select-all]", bulk).dataset.selectAll : chosen;
  for (const box of boxes()) box.closest("[data-task]").classList.toggle("chosen", box.checked);
}

function selectRange(from, to, checked) {
  const all = boxes(), [first, last] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
  for (const box of all.slice(Math.max(0, first), last + 1)) box.checked = checked;
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-select]");
  if (box) {
    if (event.shiftKey && lastBox?.isConnected) selectRange(lastBox, box, box.checked);
    lastBox = box;
    bulk.elements.all.value = "";
    showSelected();
  }
  if (event.target.closest("[data-select-none]")) selectNone();
  if (event.target.closest("[data-select-all]")) {
    boxes().forEach((one) => { one.checked = true; });
    bulk.elements.all.value = "true";
    showSelected();
  }
  const opener = event.target.closest("[data-bulk-form]");
  if (opener) openDialog(`/tasks/bulk/?field=${opener.dataset.bulkForm}`);
});

function selectNone() {
  boxes().forEach((one) => { one.checked = false; });
  bulk.elements.all.value = "";
  showSelected();
}

// The form in the dialog sends what the bar has chosen.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (!sourceElement.matches("[data-bulk]")) return;
  for (const [name, value] of new FormData(bulk)) if (name !== "csrfmiddlewaretoken") request.body.append(name, value);
});
document.addEventListener("taskbell:touched", (event) => {
  if (event.detail.ids.length) selectNone();
});

// Further rows come when the end of the list is near.
const nearEnd = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) readFurther(entry.target);
}, { rootMargin: "600px" });
const watchEnd = () => $$("#further").forEach((end) => nearEnd.observe(end));

async function readFurther(end) {
  nearEnd.unobserve(end);
  if (await addFurther(document)) watchEnd();
}
watchEnd();
document.addEventListener("taskbell:morphed", () => { watchEnd(); showSelected(); });
