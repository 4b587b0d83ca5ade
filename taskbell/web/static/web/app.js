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
    if (event.target.closest("[data-close], [data-undo]")) setTimeout(() => event.target.closest(".toast")?.remove());
  });
}

function closeButton() {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "close", textContent: $("#toasts").dataset.closeWords });
  button.dataset.close = "";
  return button;
}

// A toast made by the page itself, without a response from the server.
function note(text, { refused = false } = {}) {
  const toast = document.createElement("div");
  toast.className = refused ? "toast refused" : "toast";
  toast.setAttribute("role", refused ? "alert" : "status");
  if (refused) toast.dataset.stays = "";
  const words = document.createElement("span");
  words.textContent = text;
  toast.append(words);
  if (refused) toast.append(closeButton());
  $("#toasts").append(toast);
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

// If the server fails or can't be reached, the page says so, and keeps all that is typed.
htmx.config.noSwap.push("5xx");
let signsInAgain = false;
function sayFailed({ detail: { ctx } }) {
  const status = ctx?.response?.status ?? ctx?.response?.raw?.status ?? 500;
  signsInAgain ||= status === 401;
  if (status < 500 || !ctx?.sourceElement?.matches("form")) return;
  notBusy();
  note(document.body.dataset.failed, { refused: true });
}
document.addEventListener("htmx:response:error", sayFailed);
document.addEventListener("htmx:error", sayFailed);
document.addEventListener("taskbell:touched", (event) => live.touch(event.detail.ids, true));

// The list from which a task is opened: its page goes back there, and on to the task before or after it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-task] a.title, [data-task] a[href^='/tasks/']");
  if (!link) return;
  const ids = $$("[data-task]").map((item) => Number(item.dataset.task));
  const list = { ids: [...new Set(ids)], address: location.pathname + location.search, name: $("h1")?.textContent.trim() };
  sessionStorage.setItem("list", JSON.stringify(list));
});

// Sends the one form of all verbs to this address.
function submitVerb(address) {
  const button = document.createElement("button");
  button.type = "submit";
  button.setAttribute("form", "verbs");
  button.setAttribute("formaction", address);
  button.hidden = true;
  document.body.append(button);
  button.click();
  button.remove();
  return true;
}

// One dialog for forms, keys and the palette: the server's fragment is its content.
let openedFrom = null, typedAhead = null; // what is typed while the dialog is on its way; then no key is a shortcut

async function openDialog(address, options = {}) {
  const dialog = $("#dialog");
  openedFrom = document.activeElement;
  typedAhead = "";
  let answer;
  try {
    answer = await fetch(address, { headers: { "HX-Request": "true" } });
  } catch {
    typedAhead = null;
    say(document.body.dataset.offline);
    return;
  }
  if (answer.redirected || !answer.ok) { location.assign(address); return; }
  dialog.innerHTML = await answer.text();
  dialog.className = options.className ?? "dialog";
  dialog.append(toasts); // elements outside an open dialog can't be reached
  htmx.process(dialog);
  dialog.showModal();
  dialog.setAttribute("aria-label", $("h1, h2", dialog)?.textContent.trim() ?? "");
  ($("[autofocus]", dialog) ?? $("input:not([type=hidden]), textarea, select, button", dialog))?.focus({ preventScroll: true });
  dialog.scrollTop = 0;
  restoreLine(dialog);
  typeAhead(document.activeElement);
}

function typeAhead(field) {
  const text = typedAhead;
  typedAhead = null;
  if (!text || !["text", "search", "textarea"].includes(field.type)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function closeDialog() {
  const dialog = $("#dialog");
  if (!dialog?.open) return;
  dialog.close();
  document.body.append(toasts);
  dialog.innerHTML = "";
  if (openedFrom?.isConnected) openedFrom.focus();
}

$("#dialog")?.addEventListener("click", (event) => {
  if (event.target.closest(".toast")) return;
  if (event.target.id === "dialog" || event.target.closest("[data-close]")) closeDialog();
});
$("#dialog")?.addEventListener("cancel", (event) => { event.preventDefault(); closeDialog(); });
document.addEventListener("taskbell:touched", closeDialog);

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-quick], a[data-search], a[data-dialog]");
  if (!link) return;
  event.preventDefault();
  openDialog(link.href, { className: "quick" in link.dataset ? "dialog quick" : "dialog" });
});

// Without a connection, verbs wait; what is typed stays.
function showConnection() {
  const line = $("#offline");
  if (!line) return;
  line.hidden = navigator.onLine;
  if (!navigator.onLine) $("time", line).textContent = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit", hour12: document.body.dataset.clock === "12" });
  for (const button of $$("button[form=verbs], main form button[type=submit]")) {
    if (!navigator.onLine && !button.disabled) { button.disabled = true; button.dataset.offline = ""; }
    if (navigator.onLine && "offline" in button.dataset) { button.disabled = false; delete button.dataset.offline; }
  }
}
addEventListener("online", showConnection);
addEventListener("offline", showConnection);

// Forms with hx-post="" go where they would go without htmx: to the button's address, or their own.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  const token = document.cookie.match(/csrftoken=([^;]+)/)?.[1];
  const { person } = document.body.dataset;
  if (person) request.headers["Taskbell-Person"] = person; // so that what one person typed is never sent as somebody else
  if (signsInAgain && token && request.body?.set) request.body.set("csrfmiddlewaretoken", token); // of the new session
  if (request.action || !sourceElement.matches("form")) return;
  request.action = request.submitter?.getAttribute("formaction") || sourceElement.getAttribute("action") || location.href;
});

// Quick add: 150 ms after the last key, the server says how it reads the line. A refused chip goes back to the title.
let readTimer = 0;

async function readLine(form) {
  const typed = form.elements.text.value;
  try {
    const answer = await fetch(form.dataset.read, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
    if (answer.ok && form.elements.text.value === typed) $(".reading", form).innerHTML = await answer.text();
  } catch { /* offline: it is read when it is added */ }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-quick-form]");
  if (!form) return;
  $$("[name=refused]", form).forEach((one) => one.remove()); // spans of another line
  sessionStorage.setItem(LINE, form.elements.text.value);
  clearTimeout(readTimer);
  readTimer = setTimeout(() => readLine(form), 150);
});

// A line that was not added is there again the next time; typing replaces it.
const LINE = `line:${document.body.dataset.person}`;

function restoreLine(from) {
  const form = $("[data-quick-form]", from), kept = sessionStorage.getItem(LINE);
  if (!form || !kept || form.elements.text.value) return;
  form.elements.text.value = kept;
  form.elements.text.select();
  readLine(form);
}
restoreLine(document);
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const isAdded = (ctx.response?.status ?? ctx.response?.raw?.status) < 300;
  if (isAdded && ctx.sourceElement?.matches?.("[data-quick-form]")) sessionStorage.removeItem(LINE);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-refuse]");
  if (!button) return;
  const form = button.closest("form"), refused = document.createElement("input");
  Object.assign(refused, { type: "hidden", name: "refused", value: button.dataset.refuse });
  form.append(refused);
  readLine(form).then(() => { refused.remove(); form.elements.text.focus(); });
});

// Suggestions for the word being typed after a mark: in quick add, and after @ in a comment.
const SUGGEST_MS = 120;
let suggestTimer = 0, suggestField = null;

const suggested = () => $$("#suggestions li");
const chosen = () => $("#suggestions [aria-selected=true]");

// The mark and the beginning of the name before the cursor.
function markedWord(field) {
  const before = field.value.slice(0, field.selectionStart), marks = field.dataset.suggest;
  const found = marks === "@" ? before.match(/(?:^|[^\p{L}\p{M}\p{N}@])(@)([\p{L}\p{M}\p{N}_.+@-]{0,60})$/u)
    : before.match(/(?:^|\s)([@#+*])("[^"]{0,60}|[^\s"]{0,60})$/u);
  return found && marks.includes(found[1]) ? { mark: found[1], begun: found[2], q: found[2].replace(/^"/, "") } : null;
}

function closeSuggestions() {
  clearTimeout(suggestTimer);
  $("#suggestions")?.remove();
  if (suggestField?.matches("input")) suggestField.setAttribute("aria-expanded", "false");
  for (const name of ["aria-controls", "aria-activedescendant"]) suggestField?.removeAttribute(name);
  suggestField = null;
}

async function suggest(field) {
  const word = markedWord(field), typed = field.value;
  if (!word) { closeSuggestions(); return; }
  const query = new URLSearchParams({ mark: word.mark, q: word.q });
  if (field.dataset.suggest === "@") query.set("task", field.form.getAttribute("action").match(/\d+/)?.[0] ?? "");
  const answer = await fetch(`/suggestions/?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || field.value !== typed || document.activeElement !== field) return;
  closeSuggestions();
  const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
  if (!list) return;
  field.after(list);
  const all = suggested();
  if (all.length === 1 && all[0].dataset.text === word.mark + word.begun) { list.remove(); return; }
  suggestField = field;
  list.style.top = `${field.offsetTop + field.offsetHeight + 4}px`; // as far as it is laid over the page
  if (field.matches("input")) { field.setAttribute("role", "combobox"); field.setAttribute("aria-expanded", "true"); }
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "suggestions");
  chooseSuggestion(all[0]);
  say(list.dataset.said);
}

function chooseSuggestion(option) {
  suggested().forEach((one) => one.setAttribute("aria-selected", String(one === option)));
  suggestField.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function takeSuggestion(option) {
  const field = suggestField, word = markedWord(field), end = field.selectionStart;
  closeSuggestions();
  if (!word) return;
  field.setRangeText(`${option.dataset.text} `, end - word.begun.length - 1, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-suggest]") || event.isComposing) return;
  clearTimeout(suggestTimer);
  if (markedWord(event.target)) suggestTimer = setTimeout(() => suggest(event.target), SUGGEST_MS);
  else closeSuggestions();
});
document.addEventListener("focusout", (event) => { if (event.target === suggestField) closeSuggestions(); });
document.addEventListener("pointerdown", (event) => { if (event.target.closest("#suggestions")) event.preventDefault(); });
document.addEventListener("click", (event) => {
  const option = event.target.closest("#suggestions li");
  if (option) takeSuggestion(option);
  else if (suggestField && event.target !== suggestField) closeSuggestions();
});

// Before all other keys: while suggestions are open, they get the keys.
addEventListener("keydown", (event) => {
  if (!suggestField || event.target !== suggestField || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = suggested(), at = all.indexOf(chosen()), by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) chooseSuggestion(all[(at + by + all.length) % all.length]);
  else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) takeSuggestion(all[at]);
  else if (event.key === "Escape") closeSuggestions();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// Keys. One letter acts on the row or card that has the focus; `?` lists them; Settings can turn them off.
const PLACES = { t: "/", u: "/upcoming/", a: "/tasks/", b: "/board/", c: "/calendar/", p: "/projects/", r: "/reports/", n: "/notifications/" };
const FIELDS = { s: "stage", t: "due", p: "priority", a: "assign", r: "reminder", m: "move", l: "labels", c: "comment" };
const ITEMS = "[data-task]";
let goesTo = false;

const isTyping = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const here = () => document.activeElement?.closest?.(ITEMS) ?? $(`${ITEMS}.on`) ?? $("[data-this-task]");

function step(by) {
  const items = $$(ITEMS).filter((item) => item.offsetParent !== null);
  if (!items.length) return false;
  const at = items.indexOf(here());
  const to = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))];
  items.forEach((item) => item.classList.toggle("on", item === to));
  (to.tabIndex < 0 ? $(".title", to) ?? to : to).focus();
  return true;
}

function press(element) {
  if (!element || element.disabled) return false;
  element.click();
  return true;
}

const pressIn = (item, selector) => press(item && $(selector, item));

function openForm(field) {
  const item = here(), id = item?.dataset.task ?? item?.dataset.thisTask;
  const inPage = $(`[data-edit="${field}"]`, $("[data-this-task]") ?? document.createElement("p"));
  if (inPage) return press(inPage);
  if (!id) return false;
  openDialog(`/tasks/${id}/edit/?field=${field}`);
  return true;
}

const ACTIONS = {
  j: () => step(1) || press($("[data-next]:not([hidden])")), k: () => step(-1) || press($("[data-previous]:not([hidden])")), ArrowDown: () => step(1), ArrowUp: () => step(-1),
  q: () => press($("[data-quick]")), "/": () => press($("[data-search]")),
  e: () => pressIn(here(), "[data-verb=complete], .check.done") || completeHere(),
  x: () => pressIn(here(), "[data-select]"),
  X: () => here() && $("[data-select]", here())?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: true })),
  "#": () => pressIn(here(), "[data-verb=delete]") || removeHere(),
  z: () => press($$("[data-undo]").at(-1)),
  "?": () => openDialog("/keys/"),
  Escape: () => goBack(),
  g: () => { goesTo = true; setTimeout(() => { goesTo = false; }, 1500); },
};

// A card has no check button, and that of a blocked task is disabled: the server says why it can't be completed.
function completeHere() {
  const item = here(), id = item?.dataset.task;
  return id ? submitVerb(`/tasks/${id}/${item.matches(".done, .finished") ? "reopen" : "complete"}/`) : false;
}

// Nothing is open: clears the selection, or leads from a task back to its list.
function goBack() {
  if ($("details.menu[open]")) return false;
  if ($("[data-select]:checked")) return press($("[data-select-none]"));
  return $("[data-this-task]") ? press($("[data-back]")) : false;
}

function removeHere() {
  const id = here()?.dataset.task;
  return id ? submitVerb(`/tasks/${id}/delete/`) : false;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); openDialog("/palette/"); return; }
  if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || $("dialog[open]")) return;
  if (typedAhead !== null) {
    typedAhead = event.key === "Backspace" ? typedAhead.slice(0, -1) : typedAhead + (event.key.length === 1 ? event.key : "");
    event.preventDefault();
    return;
  }
  if (document.body.dataset.keys === "off" && event.key.length === 1) return;
  if (event.key.startsWith("Arrow") && (event.shiftKey || !event.target.closest(`${ITEMS}, body:not(:focus-within)`))) return;
  if (goesTo && PLACES[event.key]) { location.assign(PLACES[event.key]); return; }
  const done = ACTIONS[event.key] ? (ACTIONS[event.key](), true) : FIELDS[event.key] && here() ? openForm(FIELDS[event.key]) : false;
  if (done) event.preventDefault();
});

// The palette: what is typed narrows the list; arrows choose, Enter goes.
const options = () => $$("#go-list a").filter((option) => !option.hidden);

function choose(option) {
  $$("#go-list a").forEach((one) => one.setAttribute("aria-selected", String(one === option)));
  option?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "go") return;
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of $$("#go-list a")) option.hidden = !words.every((word) => option.textContent.toLowerCase().includes(word));
  choose(options()[0]);
});

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "go") return;
  const shown = options(), at = shown.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose(shown[Math.min(shown.length - 1, at + 1)]);
  else if (event.key === "ArrowUp") choose(shown[Math.max(0, at - 1)]);
  else if (event.key === "Enter" && at >= 0) shown[at].click();
  else return;
  event.preventDefault();
});

// People who are still in UTC are asked once, on each device, whether it has the right time zone.
const zoneForm = $("[data-zone]"), deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zoneForm && deviceZone && deviceZone !== "UTC" && !localStorage.getItem("zone-asked")) {
  zoneForm.elements.timezone.value = deviceZone;
  $("[data-zone-name]", zoneForm).textContent = deviceZone.replaceAll("_", " ");
  zoneForm.hidden = false;
  $("[data-zone-keep]", zoneForm).addEventListener("click", () => { localStorage.setItem("zone-asked", "1"); zoneForm.remove(); });
}

navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

// Today's page is about another day after midnight.
if (document.body.dataset.here === "today") {
  const midnight = new Date();
  midnight.setHours(24, 0, 5, 0);
  setTimeout(() => location.reload(), midnight - Date.now());
}
