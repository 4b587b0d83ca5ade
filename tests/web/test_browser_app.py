"""The web app in a real Chromium: what people do all day, two of them at once, by pointer, keys and thumb."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.processes import RunningTaskbell
from tests.web.conftest import PASSWORD
from tests.web.test_browser import EMAIL, PAGES, PHONE, Window, ada, chromium, running

__all__ = ["ada", "chromium", "running"]  # fixtures
AXE = Path(__file__).parent / "axe" / "axe-4.14.1.min.js"
DESK = {"width": 1280, "height": 860}
FIRST_PAGE_BYTES, LATER_PAGE_BYTES, MOST_REQUESTS = 45 * 1024, 12 * 1024, 6


@pytest.fixture
def desk(chromium: Chromium, running: RunningTaskbell) -> Iterator[Window]:
    context = chromium.new_context(viewport=DESK, timezone_id="Europe/Berlin")  # type: ignore[arg-type]
    window = Window(context.new_page(), running.base_url)
    window.sign_in()
    yield window
    context.close()


def settled(page: Page) -> Page:
    """The page once its live connection is open: its scripts are ready then."""
    expect(page.locator("body[data-connection=live]")).to_be_attached()
    return page


def quick_add(page: Page, line: str) -> None:
    page.keyboard.press("q")
    page.get_by_label("The task, in one line").fill(line)
    page.keyboard.press("Enter")
    expect(page.locator(".toast").filter(has_text="added").last).to_be_visible()


def test_ada_adds_completes_and_takes_it_back_by_keys_alone(desk: Window) -> None:
    page = settled(desk.open("/"))
    quick_add(page, "Sow the beans today !high ~9:00")
    row = page.locator("[data-task]").filter(has_text="Sow the beans")
    expect(row).to_be_visible()
    row.locator(".title").focus()
    page.keyboard.press("e")
    expect(page.locator(".toast").filter(has_text="completed")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("[data-list=due] [data-task]").filter(has_text="Sow the beans")).to_be_visible()
    desk.check()


def test_a_line_is_read_back_and_a_refused_word_stays_in_the_title(desk: Window) -> None:
    page = settled(desk.open("/"))
    page.keyboard.press("q")
    page.get_by_label("The task, in one line").press_sequentially("Call Tom tomorrow 9:00 !high")
    expect(page.locator(".reading b")).to_have_text("Call Tom")
    page.get_by_role("button", name="Keep in the title: High").click()
    expect(page.locator(".reading b")).to_have_text("Call Tom !high")
    desk.check()


def test_what_ada_does_here_is_seen_in_her_other_window(desk: Window, chromium: Chromium) -> None:
    other = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
    window = Window(other.new_page(), desk.address)
    window.sign_in()
    elsewhere = settled(window.open("/"))
    quick_add(settled(desk.open("/")), "Feed the cat today")
    row = elsewhere.locator("[data-task]").filter(has_text="Feed the cat")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Complete").click()
    expect(desk.page.locator(".done").filter(has_text="Feed the cat")).to_be_attached()
    window.check()
    desk.check()
    other.close()


def test_a_blocked_card_refuses_done_and_stays_where_it_was(desk: Window) -> None:
    page = settled(desk.open("/board/"))
    card = page.locator(".card").filter(has_text="This one is blocked")
    card.focus()
    page.keyboard.press("Shift+ArrowRight")
    moved = page.locator("#column-IN_PROGRESS .card").filter(has_text="This one is blocked")
    expect(moved).to_be_visible()
    moved.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".toast.refused")).to_be_visible()
    expect(moved).to_be_visible()
    assert [text for text in desk.complaints if "409" not in text] == []  # the console names the refusal


def test_cards_are_reached_and_completed_by_keys(desk: Window) -> None:
    page = settled(desk.open("/"))
    quick_add(page, "Oil the gate")
    page = settled(desk.open("/board/"))
    page.keyboard.press("j")
    expect(page.locator(".card:focus")).to_be_visible()
    page.locator(".card").filter(has_text="Oil the gate").focus()
    page.keyboard.press("e")
    expect(page.locator("#column-COMPLETED .card").filter(has_text="Oil the gate")).to_be_visible()
    expect(page.locator(".card:focus")).to_be_visible()
    desk.check()


def test_a_menu_and_a_half_written_comment_stay_while_the_task_changes(desk: Window, chromium: Chromium) -> None:
    page = settled(desk.open("/"))
    quick_add(page, "Mend the pump today")
    page.locator("[data-task]").get_by_role("link", name="Mend the pump").click()
    settled(page)
    address = page.url
    page.get_by_label("Comment", exact=True).fill("Half a sen")
    page.locator("details.menu summary").first.click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Duplicate")).to_be_focused()
    other = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
    window = Window(other.new_page(), desk.address)
    window.sign_in()
    elsewhere = settled(window.open(address.removeprefix(desk.address)))
    elsewhere.get_by_role("button", name="In progress").click()
    expect(page.locator(".stages [aria-pressed=true]")).to_have_text("In progress")
    expect(page.get_by_role("button", name="Duplicate")).to_be_focused()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Half a sen")
    desk.check()
    other.close()


def test_a_label_is_suggested_and_taken_by_keys(desk: Window) -> None:
    page = settled(desk.open("/"))
    quick_add(page, "Plant a hedge *evergreen")
    page.keyboard.press("q")
    line = page.get_by_label("The task, in one line")
    line.press_sequentially("Cut it *ev")
    option = page.get_by_role("option", name="evergreen")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(line).to_have_attribute("aria-activedescendant", "suggestion-1")
    page.keyboard.press("Escape")
    expect(option).not_to_be_attached()
    line.press_sequentially("e")
    expect(option).to_be_visible()
    page.keyboard.press("Enter")
    expect(line).to_have_value("Cut it *evergreen ")
    desk.check()


def test_a_card_is_dragged_to_another_column(desk: Window) -> None:
    page = settled(desk.open("/"))
    quick_add(page, "Paint the fence")
    page = settled(desk.open("/board/"))
    page.locator(".card").filter(has_text="Paint the fence").drag_to(page.locator("#column-IN_PROGRESS header"))
    expect(page.locator("#column-IN_PROGRESS .card").filter(has_text="Paint the fence")).to_be_visible()
    desk.check()


def test_many_are_changed_at_once_and_back(desk: Window) -> None:
    page = settled(desk.open("/"))
    for name in ("One", "Two"):
        quick_add(page, f"{name} of many")
    page = settled(desk.open("/tasks/?q=many"))
    for box in page.locator("[data-select]").all():
        box.check(force=True)
    expect(page.locator("[data-selected]")).to_have_text("2")
    page.locator("#bulk").get_by_role("button", name="Complete").click()
    expect(page.locator(".toast").filter(has_text="2 tasks changed")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator(".toast").filter(has_text="Undone")).to_be_visible()
    desk.check()


def test_without_a_connection_the_page_says_so_and_a_new_one_is_the_offline_page(desk: Window) -> None:
    page = settled(desk.open("/"))
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    desk.page.context.set_offline(True)
    expect(page.get_by_text("Offline since")).to_be_visible()
    page.goto(f"{desk.address}/board/")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    desk.page.context.set_offline(False)


def test_a_session_that_has_ended_leaves_what_is_typed(desk: Window) -> None:
    page = settled(desk.open("/"))
    page.keyboard.press("q")
    line = page.get_by_label("The task, in one line")
    line.fill("Do not lose this")
    page.context.clear_cookies(name=re.compile("session"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are signed out. What you typed is still here.")).to_be_visible()
    expect(line).to_have_value("Do not lose this")


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_on_any_page(
    chromium: Chromium, running: RunningTaskbell, size: dict[str, int], scheme: str
) -> None:
    context = chromium.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    window = Window(context.new_page(), running.base_url)
    window.sign_in()
    found = {}
    for path in (*PAGES, "/tasks/1/", "/projects/2/board/", "/projects/2/members/"):
        page = window.open(path)
        page.evaluate(AXE.read_text())
        violations = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)")
        if violations:
            found[path] = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in violations]
    context.close()
    assert found == {}, "\n".join(f"{path} {one}" for path, some in found.items() for one in some)


def test_pages_are_small(desk: Window) -> None:
    sizes: dict[str, int] = {}
    urls: dict[str, str] = {}
    page = desk.page
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    wire.on("Network.requestWillBeSent", lambda sent: urls.update({sent["requestId"]: sent["request"]["url"]}))

    def loaded(got: Any) -> None:
        sizes[urls.get(got["requestId"], "")] = got["encodedDataLength"]

    wire.on("Network.loadingFinished", loaded)
    for most in (FIRST_PAGE_BYTES, LATER_PAGE_BYTES):
        sizes.clear()
        settled(desk.open("/"))
        own = {url: size for url, size in sizes.items() if url and "favicon" not in url and "service-worker" not in url}
        assert sum(own.values()) <= most, own
        assert len([url for url, size in own.items() if size]) <= MOST_REQUESTS, own


@pytest.mark.parametrize("path", ["/", "/tasks/", "/board/", "/tasks/1/"])
def test_nobody_scrolls_sideways_at_320_pixels(desk: Window, path: str) -> None:
    desk.page.set_viewport_size({"width": 320, "height": 700})
    page = desk.open(path)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_ada_signs_up_and_has_a_reminder_within_six_clicks(tmp_path: Path, chromium: Chromium) -> None:
    with RunningTaskbell(tmp_path / "data") as running:
        context = chromium.new_context(viewport=DESK, timezone_id="Europe/Berlin", locale="en-GB")  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(running.base_url)
        page.get_by_role("link", name="Create the first account").click()
        page.get_by_label("Email address").fill(EMAIL)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Create the first account").click()
        settled(page)
        quick_add(page, "Water the plants in 2 minutes ~1m")
        expect(page.locator(".toast").filter(has_text="Reminds you today")).to_be_visible()
        page.goto(f"{running.base_url}/settings/")
        expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
        context.close()
