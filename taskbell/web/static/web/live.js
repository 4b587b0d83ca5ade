// Live updates: the events of this person's socket, gathered, and the rows they touch read again.
"use strict";

const GATHER_MS = 150, MAX_GATHER_MS = 1000, MAX_IDS = 50, HIDDEN_MS = 60_000, REFRESH_MS = 1000, BACK_OFF = [1, 2, 4, 8, 16, 30];
const STILL_MS = 1000, MAX_STILL_MS = 3000, SAY_MS = 5000, SAY_FIRST_MS = 1000, OWN_MS = 10_000, RETRY_MS = 5000, READ_MS = 30_000;

// What people have opened stays open when the server's version, which doesn't know of it, replaces the page's.
htmx.config.morphIgnore.push("open");

// Nothing moves under the pointer or focus: changes by others wait for a second after either, but never for long.
let movedAt = 0;
for (const type of ["pointermove", "pointerdown", "focusin", "keydown"]) {
  addEventListener(type, (event) => { if (event.target.closest?.("#main")) movedAt = Date.now(); }, { capture: true, passive: true });
}

const pageOf = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

// Appends the next rows to the long list of a page: the one that is shown, or one just read.
async function addFurther(page) {
  const end = page.querySelector("#further"), list = page.querySelector("[data-list]");
  const answer = await fetch(end.querySelector("a").href);
  if (!answer.ok) return false;
  const further = await pageOf(answer), next = further.querySelector("#further");
  for (const row of further.querySelectorAll("[data-list] > li")) if (!page.getElementById(row.id)) list.append(row);
  if (next) end.replaceWith(next);
  else end.remove();
  return true;
}

// What only this window knows of a row: that it is chosen, the current one, or being dragged.
function keepOwn(old, fresh) {
  for (const name of ["chosen", "held", "on"]) fresh.classList.toggle(name, old.classList.contains(name));
  if (old.querySelector("[data-select]")?.checked) fresh.querySelector("[data-select]")?.setAttribute("checked", "");
}

// What had come by scrolling is read with the page, so that nobody loses their place.
async function asLongAsHere(page) {
  const shown = document.querySelector("[data-list]")?.children.length ?? 0;
  const isShort = () => page.querySelector("#further") && page.querySelector("[data-list]")?.children.length < shown;
  while (isShort() && await addFurther(page));
}

// Screen readers announce what others have changed here: at most one sentence in five seconds, with all since the last.
const announcer = {
  ids: new Set(), ownAt: new Map(), page: false, ownPageAt: 0, saidAt: 0, timer: 0,

  // A verb of one's own has its toast; its events also come by the socket, before or after its answer.
  own(ids) {
    this.ownPageAt = Date.now();
    for (const id of ids) this.ownAt.set(String(id), this.ownPageAt);
  },

  changed(id) { this.ids.add(id); this.sayLater(); },
  pageChanged() { this.page = true; this.sayLater(); },

  sayLater() {
    if (this.timer) return;
    say(""); // so that the same sentence is said again
    this.timer = setTimeout(() => this.say(), Math.max(SAY_FIRST_MS, this.saidAt + SAY_MS - Date.now()));
  },

  say() {
    const isOwn = (at) => Date.now() - (at ?? 0) < OWN_MS;
    const count = [...this.ids].filter((id) => !isOwn(this.ownAt.get(id))).length;
    const { changedPage, changedOne, changedMany } = document.body.dataset;
    const words = this.page && !isOwn(this.ownPageAt) ? changedPage : count > 1 ? changedMany.replace("{n}", count) : count && changedOne;
    this.ids.clear();
    this.page = false;
    this.timer = 0;
    if (!words) return;
    this.saidAt = Date.now();
    say(words);
  },
};

const live = {
  ids: new Set(), since: 0, timer: 0, attempt: 0, socket: null, all: false, frame: false, own: false, reading: false, refreshTimer: 0,
  cursor: document.body.dataset.cursor,

  touch(ids, own = false) {
    for (const id of ids) this.ids.add(Number(id));
    if (own) announcer.own(ids);
    this.own ||= own;
    this.since ||= Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.read(), Math.max(0, Math.min(GATHER_MS, this.since + MAX_GATHER_MS - Date.now())));
  },

  async read() {
    const still = Math.min(movedAt + STILL_MS, this.since + MAX_STILL_MS) - Date.now();
    const wait = this.reading ? GATHER_MS : this.own ? 0 : still; // one at a time: an older answer never comes last
    if (wait > 0) { clearTimeout(this.timer); this.timer = setTimeout(() => this.read(), wait); return; }
    this.own = false;
    const wanted = this.ids.size || this.all || this.frame;
    const hasRows = document.querySelector("[data-list], [data-watch], [id^=task-]") !== null; // other pages have forms, not to be touched
    const all = hasRows && (this.all || this.ids.size > MAX_IDS || this.watched().some((id) => this.ids.has(id)));
    const ids = hasRows ? [...this.ids] : [], frame = this.frame;
    this.ids.clear();
    this.since = 0;
    this.all = this.frame = false;
    if (!wanted) return;
    const here = document.body.dataset.here;
    const view = location.pathname + location.search, signal = AbortSignal.timeout(READ_MS);
    this.reading = true;
    try {
      // A whole page has a frame, rows have none.
      const answer = all ? await fetch(view, { signal })
        : await fetch(`/live/?${new URLSearchParams({ ids: ids.join(), view, here })}`, { headers: { "HX-Request": "true" }, signal });
      // A task keeps what is typed there; in place of a list, the page says that it is gone.
      const isLost = answer.status === 404 && all, keepsTyped = document.querySelector("[data-lost]");
      if (isLost && keepsTyped) document.dispatchEvent(new CustomEvent("taskbell:lost"));
      if (answer.status >= 500) throw new Error(answer.statusText);
      if (answer.redirected || !(answer.ok || (isLost && !keepsTyped))) return;
      const page = await pageOf(answer);
      if (all) { await asLongAsHere(page); this.morphAll(page); }
      else this.apply(page);
    } catch { this.readLater(ids, all, frame || !hasRows); } finally { this.reading = false; }
  },

  // The cursor is beyond these changes already, so the socket doesn't bring them again.
  readLater(ids, all, frame) {
    for (const id of ids) this.ids.add(id);
    this.all ||= all;
    this.frame ||= frame;
    setTimeout(() => this.touch([]), RETRY_MS);
  },

  // The page of a task names the tasks that it shows: if one of them changes, all of it is read again.
  watched() {
    return document.querySelector("[data-watch]")?.dataset.watch.split(" ").map(Number) ?? [];
  },

  morphAll(page) {
    document.dispatchEvent(new CustomEvent("taskbell:fresh", { detail: page })); // open forms save themselves
    const main = page.querySelector("#main");
    for (const old of document.querySelectorAll("[data-task]")) {
      const fresh = page.getElementById(old.id);
      if (fresh) keepOwn(old, fresh);
    }
    const focus = this.focused();
    if (main && main.textContent !== document.querySelector("#main").textContent) announcer.pageChanged();
    if (main) htmx.swap({ text: main.outerHTML, target: document.querySelector("#main"), swap: "outerMorph" });
    if (focus && document.activeElement === document.body) document.querySelector(focus)?.focus();
    this.frameFrom(page);
    document.dispatchEvent(new CustomEvent("taskbell:morphed"));
  },

  // What has the focus, as a selector: its element may be replaced by one like it.
  focused() {
    const had = document.activeElement, name = ["id", "data-edit", "formaction", "href"].find((one) => had?.hasAttribute(one));
    return name && had.closest("#main") ? `${had.localName}[${name}="${CSS.escape(had.getAttribute(name))}"]` : null;
  },

  frameFrom(page) {
    const navigation = page.querySelector("#navigation"), old = document.querySelector("#navigation");
    if (navigation && old) htmx.swap({ text: navigation.outerHTML, target: old, swap: "outerMorph" });
    if (document.body.dataset.connection) setTimeout(() => this.state(document.body.dataset.connection), 50);
  },

  apply(page) {
    for (const fresh of page.querySelectorAll("[id^=task-]")) this.place(fresh);
    this.frameFrom(page);
    this.count();
    this.refreshSoon();
  },

  // What is neither a row nor a count is read with the page, a little later.
  refreshSoon() {
    if (!document.querySelector("[data-refresh]")) return;
    clearTimeout(this.refreshTimer);
    this.refreshTimer = setTimeout(async () => {
      const answer = await fetch(location.href).catch(() => null);
      if (!answer?.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-refresh]")) {
        const fresh = page.getElementById(old.id);
        if (fresh && !old.contains(document.activeElement)) htmx.swap({ text: fresh.outerHTML, target: old, swap: "outerMorph" });
      }
    }, REFRESH_MS);
  },

  place(fresh) {
    const old = document.getElementById(fresh.id);
    const list = document.querySelector(`[data-list="${CSS.escape(fresh.dataset.section ?? "")}"]`);
    if (old ? !list || old.parentElement !== list || old.textContent !== fresh.textContent : list) announcer.changed(fresh.id.slice("task-".length));
    if (old) keepOwn(old, fresh);
    if ("gone" in fresh.dataset) return old && this.remove(old);
    if (!list) return old && this.remove(old);
    if (old?.parentElement === list) {
      if (old.contains(document.activeElement) && old.querySelector("form, input:not([type=checkbox]):focus, textarea:focus")) return;
      if (old.dataset.sort !== fresh.dataset.sort) this.moveTo(this.placeIn(list, fresh, old), old, list);
      old.removeAttribute("aria-busy");
      htmx.swap({ text: fresh.outerHTML, target: old, swap: "outerMorph" });
      return;
    }
    const focus = old?.contains(document.activeElement) ? this.neighbour(old) : null;
    old?.remove();
    list.insertBefore(fresh, this.placeIn(list, fresh));
    htmx.process(fresh);
    focus?.focus();
  },

  // The row before which this one belongs; null at the end.
  placeIn(list, fresh, old = null) {
    const down = "descending" in list.dataset, sort = fresh.dataset.sort;
    return [...list.children].find((row) => row !== old && (down ? row.dataset.sort < sort : row.dataset.sort > sort)) ?? null;
  },

  moveTo(before, row, list) {
    if (row.nextElementSibling === before) return;
    const focus = row.contains(document.activeElement) ? document.activeElement : null;
    if (list.moveBefore) list.moveBefore(row, before);
    else list.insertBefore(row, before);
    if (focus !== document.activeElement) focus?.focus();
  },

  // Focus goes to the next row, then the previous, then the heading.
  neighbour(row) {
    const beside = row.nextElementSibling ?? row.previousElementSibling;
    if (beside?.tabIndex >= 0) return beside;
    return beside?.querySelector(".check, .title") ?? row.closest("section")?.querySelector("h2");
  },

  remove(row) {
    const focus = row.contains(document.activeElement) ? this.neighbour(row) : null;
    row.remove();
    focus?.focus();
  },

  count() {
    let shown = 0;
    for (const list of document.querySelectorAll("[data-list]")) {
      const number = list.children.length, section = list.closest("section");
      shown += number;
      const count = document.querySelector(`[data-count="${CSS.escape(list.dataset.list)}"]`);
      if (count && !("fixed" in count.dataset)) count.textContent = number || "";
      if (section?.classList.contains("sheet") && !section.dataset.drop) section.hidden = number === 0;
    }
    const empty = document.querySelector("[data-empty]");
    if (empty) empty.hidden = shown > 0;
  },

  connect() {
    if (!this.cursor || this.socket) return;
    const socket = this.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/tasks/`);
    socket.addEventListener("message", (event) => this.receive(JSON.parse(event.data), socket));
    socket.addEventListener("close", (event) => {
      this.socket = null;
      if (event.code === 4401) return this.signedOut();
      this.state("offline");
      if (document.visibilityState === "visible") this.again();
    });
  },

  again() {
    const wait = BACK_OFF[Math.min(this.attempt++, BACK_OFF.length - 1)] * 1000 * (0.75 + Math.random() / 2);
    setTimeout(() => this.connect(), wait);
  },

  receive(message, socket) {
    if (message.event === "connected") {
      this.attempt = 0;
      this.state("live");
      socket.send(JSON.stringify({ resume: this.cursor }));
      return;
    }
    if (message.cursor) this.cursor = message.cursor;
    if (message.resync) { this.all = true; this.touch([]); return; }
    const id = message.task_id ?? null;
    if (id === null) this.frame = true; // projects, members, notifications: what the navigation shows
    if (message.project_id && String(message.project_id) === document.body.dataset.here && document.querySelector("[data-list]")) this.all = true;
    this.touch(id === null ? [] : [id]);
  },

  // The server says so, with the way back in; signing in again in another window is noticed on coming back to this one.
  signedOut() {
    if (document.body.dataset.connection !== "signed-out") htmx.ajax("GET", "/live/", { swap: "none" });
    this.state("signed-out");
  },

  state(name) {
    const words = document.querySelector("[data-live]");
    if (words) words.textContent = words.dataset[name === "live" ? "on" : "off"] ?? name;
    document.body.dataset.connection = name;
  },
};

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") return live.connect();
  setTimeout(() => {
    if (document.visibilityState === "hidden") live.socket?.close(1000);
  }, HIDDEN_MS);
});
// Back on the network: nobody waits for the next attempt, or for a connection that only seems to be open.
addEventListener("online", () => {
  live.attempt = 0;
  if (live.socket) live.socket.close();
  else live.connect();
});
live.connect();
