// The app's own script: toasts, verbs, keys, the quick-add dialog, and live updates. Every page works without it.
"use strict";

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

// Toasts: they stay for ten seconds, longer under pointer or focus; refusals stay until they are closed.
const TOAST_MS = 10_000;

function keepTime(toast) {
  if ("timed" in toast.dataset) return;
  toast.dataset.timed = "";
  if ("stays" in toast.dataset) return;
  let timer = setTimeout(() => toast.remove(), TOAST_MS);
  const hold = () => clearTimeout(timer);
  const go = () => { hold(); timer = setTimeout(() => toast.remove(), TOAST_MS); };
  for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, hold);
  for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, go);
}

const toasts = $("#toasts");
if (toasts) {
  $$(".toast").forEach(keepTime);
  new MutationObserver(() => {
    const shown = $$(".toast", toasts);
    shown.slice(0, -3).forEach((toast) => toast.remove());
    shown.forEach(keepTime);
  }).observe(toasts, { childList: true });
  toasts.addEventListener("click", (event) => {
    if (event.target.closest("[data-close], [data-undo]")) setTimeout(() => event.target.closest(".toast").remove());
  });
}

function say(text) {
  const line = $("#say");
  if (line) line.textContent = text;
}

// A verb acts at once: its row is busy until the answer comes. A refusal gives it back as it was.
document.addEventListener("submit", (event) => {
  const row = event.submitter?.closest("[data-task]");
  if (row) row.setAttribute("aria-busy", "true");
}, true);
const notBusy = () => $$("[aria-busy]").forEach((row) => row.removeAttribute("aria-busy"));
document.addEventListener("taskbell:refused", notBusy);
document.addEventListener("htmx:error", notBusy);
document.addEventListener("taskbell:touched", (event) => live.touch(event.detail.ids));
