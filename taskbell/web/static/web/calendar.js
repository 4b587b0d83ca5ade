// The month on a phone: dots for tasks, and below them the list of one day, chosen by tap or arrow keys.
"use strict";

const month = $(".month"), days = () => $$(".choose", month), DOTS = 3;
const cellOf = (link) => link.closest(".cell");

// The day is in the address, so that reloading, Back and a link show the same one.
function chooseDay(link) {
  for (const one of days()) {
    const isChosen = one === link;
    cellOf(one).classList.toggle("shown", isChosen);
    if (isChosen) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
    one.tabIndex = isChosen ? 0 : -1;
  }
  history.replaceState(history.state, "", link.href);
}

function drawDots(cell) {
  const rows = $$("[data-list] > li", cell), link = $(".choose", cell);
  link.lastElementChild.hidden = rows.length === 0;
  $(".dots", link).replaceChildren(...rows.slice(0, DOTS).map((row) => {
    const dot = document.createElement("i");
    if ($(".reminder-dot", row)) dot.className = "rings";
    return dot;
  }));
}

month.addEventListener("click", (event) => {
  const link = event.target.closest(".choose");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  chooseDay(link);
});

month.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key], all = days();
  const to = by && event.target.matches(".choose") && all[all.indexOf(event.target) + by];
  if (!to) return;
  event.preventDefault();
  event.stopPropagation();
  chooseDay(to);
  to.focus();
});

days().forEach((link) => { link.tabIndex = link.hasAttribute("aria-current") ? 0 : -1; });
// Rows come and go by live updates.
new MutationObserver((changes) => {
  const lists = changes.map((change) => change.target.closest?.("[data-list]")).filter(Boolean);
  new Set(lists.map((list) => list.closest(".cell"))).forEach(drawDots);
}).observe(month, { childList: true, subtree: true });
