"""The web app as people use it: what a page costs the server, and what a phone and a second browser see."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import httpx
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from benchmarks.measure import Goal, Row, Sizes, rounds_of
from benchmarks.requests import asker
from benchmarks.seed import seed
from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now, wall_time
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from tests.processes import RunningTaskbell

PASSWORD = "correct horse battery"  # noqa: S105 - of people who exist only during the run
ROWS, MANY = 50, 1000
CHANGES = 4  # in each round
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# Slow 4G as Lighthouse has it, and a processor a quarter as fast.
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4
LISTEN = """
window.seen = {paint: 0, shift: 0, slowest: 0};
new PerformanceObserver(list => list.getEntries().forEach(one => { seen.paint = one.startTime; }))
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(one => { if (!one.hadRecentInput) seen.shift += one.value; }))
  .observe({type: "layout-shift", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(one => {
  if (one.interactionId) seen.slowest = Math.max(seen.slowest, one.duration);
})).observe({type: "event", durationThreshold: 16, buffered: true});
"""
ARRIVAL = """title => new Promise(resolve => {
  const look = () => document.body.textContent.includes(title) && resolve(Date.now());
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
})"""
PAGE, ONE_ROW = Goal("median", 40), Goal("median", 8)
PAINT, SHIFT, RESPONSE = Goal("median", 1500), Goal("max", 0.02, ""), Goal("median", 200)
SEEN, SEEN_BY_MOST = Goal("median", 200), Goal("max", 1000)


@dataclass(frozen=True)
class Reader:
    """A person with tasks, one of which is `task`. Read before Chromium starts: its event loop rules out queries."""

    name: str
    token: str
    task: int


def run(sizes: Sizes) -> list[Row]:
    """One person has 50 tasks due today, another 1,000."""
    tasks = sizes.tasks if connection.vendor == "postgresql" else max(sizes.tasks // 10, 100)
    seed(tasks, people=sizes.people, now=utc_now())
    few, many = _reader("few", ROWS), _reader("many", min(MANY, sizes.tasks))
    database = {name: os.environ[name] for name in ("DATABASE_URL",) if name in os.environ}
    env = database | {"SECRET_KEY": settings.SECRET_KEY}  # this process signs the tokens
    with (
        TemporaryDirectory(prefix="taskbell-pages-") as folder,
        RunningTaskbell(Path(folder) / "data", env=env) as running,
    ):
        at = running.base_url
        rows = _served(at, few, sizes.rounds)
        with _chromium() as chromium:
            rows += _on_a_phone(chromium, at, few, many, sizes.rounds)
            return rows + _seen(chromium, at, few, sizes.rounds)


def _reader(name: str, count: int) -> Reader:
    """A member with `count` tasks due today."""
    now = utc_now()
    person = User.objects.create_person(username=name, email=f"{name}@example.org", password=PASSWORD, role=Role.MEMBER)
    today = wall_time(now, person.profile.timezone).date()
    for number in range(count):
        task = create_task(TaskPatch(title=f"Water plant {number}", due_date=today), by=person, now=now)
    return Reader(name, asker(person, now=now).ours, task.pk)


def _served(address: str, one: Reader, rounds: int) -> list[Row]:
    """Milliseconds until the server answers, one request after the other."""
    cookies = _signed_in(address, one)
    paths = {
        f"Today with {ROWS} rows": "/",
        f"All tasks with {ROWS} rows": "/tasks/",
        f"a board with {ROWS} cards": "/board/",
        "one row, as live updates read it": f"/live/?ids={one.task}&view=/",
    }
    with httpx.Client(base_url=address, cookies=cookies) as client:

        def read(path: str) -> None:
            client.get(path).raise_for_status()

        times = rounds_of([lambda path=path: read(path) for path in paths.values()], rounds=rounds)  # type: ignore[misc]
    goals = [PAGE, PAGE, PAGE, ONE_ROW]
    return [Row(what, each, goal=goal) for what, each, goal in zip(paths, times, goals, strict=True)]


def _on_a_phone(chromium: Browser, address: str, few: Reader, many: Reader, rounds: int) -> list[Row]:
    """What a slow phone sees of its first page, and of a list with a thousand rows."""
    paints, shifts, slowest = [], [], []
    few_cookies, many_cookies = _signed_in(address, few), _signed_in(address, many)
    for _ in range(rounds):
        with _window(chromium, address, few_cookies, slow=True, **PHONE) as page:
            page.goto(f"{address}/", wait_until="networkidle")
            paints.append(float(page.evaluate("seen.paint")))
            shifts.append(float(page.evaluate("seen.shift")))
    with _window(chromium, address, many_cookies, slow=True, **PHONE) as page:
        page.goto(f"{address}/tasks/", wait_until="networkidle")
        count = _load_all(page)
        for number in range(rounds):
            page.evaluate("seen.slowest = 0")
            _use(page, number)
            slowest.append(float(page.evaluate("seen.slowest")))
    return [
        Row("a slow phone: largest contentful paint of Today", paints, goal=PAINT),
        Row("a slow phone: layout shift of Today", shifts, goal=SHIFT, unit=" "),
        Row(f"a slow phone: slowest interaction with {count:,} rows", slowest, goal=RESPONSE),
    ]


def _load_all(page: Page) -> int:
    """Scrolls until the list has all its rows; returns how many."""
    rows = page.locator("[data-task]")
    while page.locator("#further").count():
        before = rows.count()
        page.locator("#further").scroll_into_view_if_needed()
        expect(rows).not_to_have_count(before, timeout=30_000)
    return rows.count()


def _use(page: Page, number: int) -> None:
    """Opens and closes a dialog, goes down the list by keys, and completes a task."""
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("x")
    row = page.locator("[data-task]:not(.done)").nth(number)
    row.get_by_role("button", name="Complete").tap()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.wait_for_timeout(500)  # observers are called later


def _seen(chromium: Browser, address: str, one: Reader, rounds: int) -> list[Row]:
    """From sending a change over the API to its row in a browser that has the page open."""
    times = []
    with (
        httpx.Client(base_url=address, headers={"Authorization": f"Bearer {one.token}"}) as client,
        _window(chromium, address, _signed_in(address, one)) as page,
    ):
        page.goto(f"{address}/")
        page.locator("body[data-connection=live]").wait_for(state="attached")
        for number in range(1 + rounds * CHANGES):
            title = f"Water the lemon tree {number}."
            page.evaluate(f"window.arrival = ({ARRIVAL})({title!r}); undefined")
            begin = time() * 1000
            client.patch(f"/api/tasks/{one.task}/", json={"title": title}).raise_for_status()
            times.append(float(page.evaluate("window.arrival")) - begin)
            page.wait_for_timeout(200)  # changes in quick succession are gathered
    late = quantiles(times[1:], n=100, method="inclusive")[98] if len(times) > 2 else times[-1]
    return [
        Row("a change by a program, until another browser shows it", times[1:], goal=SEEN),
        Row("a change by a program, until another browser shows it, 99th", [late], goal=SEEN_BY_MOST),
    ]


def _signed_in(address: str, one: Reader) -> dict[str, str]:
    """The cookies of a browser that the person has signed in with."""
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        client.get("/sign-in/").raise_for_status()
        form = {"identifier": one.name, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        client.post("/sign-in/", data=form)
        client.get("/").raise_for_status()
        return dict(client.cookies)


@contextmanager
def _chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])  # it opens no other site
        yield browser
        browser.close()


@contextmanager
def _window(
    chromium: Browser, address: str, cookies: dict[str, str], *, slow: bool = False, **device: Any
) -> Iterator[Page]:
    """A browser that has never been here, signed in; `slow`, with the network and the processor of such a phone."""
    context: BrowserContext = chromium.new_context(**device)
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    context.add_init_script(LISTEN)
    page = context.new_page()
    if slow:
        protocol = context.new_cdp_session(page)
        protocol.send("Network.enable")
        protocol.send("Network.emulateNetworkConditions", NETWORK)
        protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    context.close()
