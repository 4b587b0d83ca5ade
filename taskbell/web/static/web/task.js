// The page of a task: forms in their places, what is typed is never lost, and the way along the list one came from.
"use strict";

const pageOfTask = () => $("[data-this-task]");
const taskId = Number(pageOfTask().dataset.thisTask);
const partOf = (element) => element.closest("[data-part]");
const formIn = (part) => $("form[data-editor]", part);

// Where one came from, and the tasks before and after this one there.
function showWay() {
  let list;
  try { list = JSON.parse(sessionStorage.getItem("list")); } catch { list = null; }
  const at = list?.ids.indexOf(taskId) ?? -1;
  if (at < 0) return;
  const back = $("[data-back]");
  back.href = list.address;
  if (list.name) $("span", back).textContent = list.name;
  $$("[data-leave]").forEach((button) => {
    button.setAttribute("formaction", `/tasks/${taskId}/delete/?${new URLSearchParams({ leave: list.address })}`);
  });
  for (const [name, id] of [["previous", list.ids[at - 1]], ["next", list.ids[at + 1]]]) {
    const link = $(`[data-${name}]`);
    link.hidden = id === undefined;
    if (id !== undefined) link.href = `/tasks/${id}/`;
  }
}

// Drafts: what is typed into a form is kept with the marks of what it is based on, until it is saved or given up.
const draftKey = (part) => `draft:${taskId}:${part.dataset.part}`;
const isTyped = (form) => [...form.elements].some((field) => field.matches("input:not([type=hidden], [type=submit]), textarea, select")
  && (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
    : field.matches("select") ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.value !== field.defaultValue));

function keepDraft(form) {
  const values = [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "next"].includes(name));
  sessionStorage.setItem(draftKey(partOf(form)), JSON.stringify({ address: form.getAttribute("action"), values }));
}
const forgetDraft = (part) => part && sessionStorage.removeItem(draftKey(part));

function fillIn(form, values) {
  for (const field of form.elements) {
    const sent = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.name.startsWith("was-") && sent.length) field.value = sent[0];
    else if (["checkbox", "radio"].includes(field.type)) field.checked = sent.includes(field.value);
    else if (sent.length && field.type !== "hidden") field.value = sent[0];
  }
}

async function restoreDrafts() {
  let restored = false;
  for (const part of $$("[data-part]")) {
    const draft = JSON.parse(sessionStorage.getItem(draftKey(part)) ?? "null");
    if (!draft) continue;
    if (!formIn(part)) await htmx.ajax("GET", draft.address, { target: part, swap: "innerHTML", source: part });
    const form = formIn(part);
    if (!form) continue;
    fillIn(form, draft.values);
    restored = true;
  }
  if (restored) note(pageOfTask().dataset.restored);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-editor]");
  if (form && partOf(form)) keepDraft(form);
});

// What a part showed before its form opened, for giving up without a connection.
const shown = new WeakMap();
document.addEventListener("htmx:before:swap", (event) => {
  const part = event.detail.ctx?.target;
  if (part?.dataset?.part && !formIn(part) && !$("[data-editor]", part)) shown.set(part, [...part.childNodes]);
});

document.addEventListener("htmx:after:swap", (event) => {
  const part = event.detail.ctx?.target, form = part?.dataset?.part && formIn(part);
  if (form && !part.contains(document.activeElement)) $("input:not([type=hidden]), textarea, select", form)?.focus();
});

function closeEditor(part) {
  forgetDraft(part);
  const before = shown.get(part);
  part.replaceChildren(...(before ?? []));
  part.removeAttribute("hx-morph-skip");
  ($("[data-edit]", part) ?? $(`[data-edit="${part.dataset.part}"]`))?.focus();
  live.all = true;
  live.touch([], true);
}

document.addEventListener("click", (event) => {
  const cancel = event.target.closest("[data-cancel]");
  const part = cancel && partOf(cancel);
  if (part) { event.preventDefault(); closeEditor(part); }
});

document.addEventListener("keydown", (event) => {
  const editor = event.target.closest?.("[data-editor]");
  if (!editor) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && editor.requestSubmit) { event.preventDefault(); editor.requestSubmit(); }
  if (event.key === "Escape" && partOf(editor) && $("[data-cancel]", editor)) { event.preventDefault(); event.stopPropagation(); closeEditor(partOf(editor)); }
}, true);

// Saved: the form goes, and the page is read again. Refused: the form comes back with what was wrong.
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement: form, response } = event.detail.ctx;
  if (!form?.matches?.("form[data-editor]") || !partOf(form)) return;
  const status = response?.status ?? response?.raw?.status;
  if (status === 200) {
    forgetDraft(partOf(form));
    if (partOf(form).dataset.part === "comment") form.reset();
    else { partOf(form).dataset.saved = ""; refocus = partOf(form).id; }
  }
});
let refocus = "";

// A part with an open form is not touched: it says what others have changed meanwhile.
document.addEventListener("taskbell:fresh", (event) => {
  for (const part of $$("[data-part]")) {
    const form = $("[data-editor]", part), fresh = event.detail.getElementById(part.id);
    const open = form && !("saved" in part.dataset) && (part.dataset.part !== "comment" || isTyped(form));
    part.toggleAttribute("hx-morph-skip", Boolean(open));
    delete part.dataset.saved;
    if (!open || !fresh || fresh.dataset.mark === part.dataset.mark) continue;
    if (part.dataset.part === "needs") readNeeds(part, fresh.dataset.mark);
    else showTheirs(part, fresh);
  }
});

// Older entries that were read on demand stay, below those that come with the page.
document.addEventListener("taskbell:fresh", (event) => {
  const fresh = $(".story", event.detail), last = fresh && $$("[id^=entry-]", fresh).at(-1);
  const mine = last && document.getElementById(last.id);
  if (!mine || !mine.nextElementSibling?.id) return;
  $(".further", fresh)?.remove();
  for (let one = mine.nextElementSibling; one; one = one.nextElementSibling) fresh.append(one.cloneNode(true));
});

// The list of what is needed has no text of one's own: it is read again.
function readNeeds(part, mark) {
  part.dataset.mark = mark;
  htmx.ajax("GET", `/tasks/${taskId}/needs/`, { target: part, swap: "innerHTML", source: part });
}

function showTheirs(part, fresh) {
  part.dataset.mark = fresh.dataset.mark;
  $(".theirs", part)?.remove();
  const line = document.createElement("div"), button = document.createElement("button");
  line.className = "theirs";
  line.setAttribute("role", "status");
  line.append(`${fresh.dataset.said || ""} `, button);
  button.type = "button";
  button.className = "link";
  button.textContent = pageOfTask().dataset.show;
  button.addEventListener("click", () => {
    const value = document.createElement("blockquote");
    value.append(...[...fresh.childNodes].map((node) => node.cloneNode(true)));
    $$("a.edit, a.pencil, [data-edit], .check", value).forEach((link) => link.remove());
    button.replaceWith(value);
  });
  part.prepend(line);
}

document.addEventListener("taskbell:morphed", () => {
  $$("[hx-morph-skip]").forEach((part) => part.removeAttribute("hx-morph-skip"));
  showWay();
  const part = refocus && document.getElementById(refocus);
  if (part && !part.contains(document.activeElement)) ($("[data-edit]", part) ?? $(`[data-edit="${part.dataset.part}"]`))?.focus();
  refocus = "";
});

document.addEventListener("taskbell:lost", () => note(pageOfTask().dataset.lost, { refused: true }));

// Menus close on Escape and outside.
document.addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target) || event.target.closest("button")) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (menu) { menu.open = false; $("summary", menu).focus(); }
});

showWay();
restoreDrafts();
