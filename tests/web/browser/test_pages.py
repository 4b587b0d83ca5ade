"""Every page in a real Chromium: what it loads, what it writes to the console, and whether everybody can use it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.processes import RunningTaskbell
from tests.web.browser.windows import DESK, PHONE, Window, axe_findings, settled, width_of, window_of

PUBLIC = ("/", "/sign-in/", "/sign-up/", "/password/reset/", "/invite/x/", "/nowhere/", "/offline/")
PAGES = (
    *("/", "/upcoming/", "/tasks/", "/board/", "/calendar/", "/projects/", "/reports/", "/activity/", "/people/"),
    *("/notifications/", "/settings/", "/settings/mail/", "/settings/security/", "/search/?q=week", "/import/"),
    *("/trash/", "/keys/", "/more/", "/tasks/quick/", "/deliveries/", "/tasks/1/", "/tasks/1/edit/?field=due"),
    *("/projects/2/", "/projects/2/board/", "/projects/2/calendar/", "/projects/2/members/", "/projects/2/activity/"),
    *("/projects/2/edit/", "/projects/new/", "/calendar/2026-W49/", "/tasks/filter/", "/nowhere/", "/password/change/"),
    *("/admin/", "/admin/tasks/task/"),
)
GROUNDS = {"light": "rgb(247, 245, 240)", "dark": "rgb(19, 22, 25)"}
ZOOMED = {"width": 320, "height": 256}  # a window of 1280 pixels, magnified four times
FIRST_PAGE_BYTES, LATER_PAGE_BYTES, MOST_REQUESTS = 45 * 1024, 10 * 1024, 6
SCRIPT_BYTES, STYLE_BYTES = 25 * 1024, 12 * 1024


@pytest.fixture(scope="module")
def tour(chromium: Chromium, running: RunningTaskbell, ada: Any) -> Iterator[Window]:
    """Ada walks from page to page in one window."""
    with window_of(chromium, running.base_url, storage_state=ada, reduced_motion="reduce") as window:
        yield window


@pytest.fixture(scope="module")
def visit(chromium: Chromium, running: RunningTaskbell, ada: Any) -> Iterator[Window]:
    """A stranger looks around."""
    with window_of(chromium, running.base_url, reduced_motion="reduce") as window:
        yield window


def assert_is_for_everyone(window: Window, path: str) -> None:
    """Fits the desk, the phone and four times magnified; axe finds nothing in light or dark; nothing complains."""
    window.page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page = window.open(path)
    for size in (DESK, PHONE, ZOOMED):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert width_of(page) == size["width"], size
        for scheme in ("light", "dark") if size != ZOOMED else ():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert axe_findings(page) == [], (size, scheme)
    window.check("404 (Not Found)")
    window.complaints.clear()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_ada_is_for_everyone(tour: Window, path: str) -> None:
    assert_is_for_everyone(tour, path)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_for_strangers_is_for_everyone(visit: Window, path: str) -> None:
    assert_is_for_everyone(visit, path)


@pytest.mark.parametrize(
    "path", ["/admin/tasks/task/add/", "/admin/tasks/task/1/change/", "/admin/accounts/user/1/change/"]
)
def test_forms_of_the_admin_are_for_everyone(tour: Window, path: str) -> None:
    page = tour.open(path)
    page.wait_for_load_state("networkidle")
    tour.check()
    for size in (DESK, PHONE, ZOOMED):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert width_of(page) == size["width"], size
        assert axe_findings(page) == [], size
    tour.complaints.clear()  # what axe says about the style sheets of Django's widgets


def test_boxes_of_the_admin_say_what_is_chosen_where(tour: Window) -> None:
    page = tour.open("/admin/tasks/task/1/change/")
    page.get_by_role("button", name="Add another").first.click()
    expect(page.get_by_role("combobox", name="Category: Search")).to_be_visible()
    expect(page.get_by_role("combobox", name="Assigned to")).to_be_visible()
    page.get_by_role("combobox", name="Blocked by").click()
    expect(page.get_by_role("searchbox", name="Blocked by")).to_be_visible()
    tour.check()


def test_a_week_without_tasks_says_so_on_a_phone(phone: Window) -> None:
    page = phone.open("/calendar/2031-W10/")
    said = "getComputedStyle(document.querySelector('.week'), '::before').content"
    assert page.evaluate(said) == '"Nothing is due."'
    page.set_viewport_size({"width": 320, "height": 700})
    before, after = (page.get_by_role("link", name=name, exact=True) for name in ("Previous", "Next"))
    assert [box and box["y"] for box in (before.bounding_box(), after.bounding_box())].count(None) == 0
    assert before.bounding_box()["y"] == after.bounding_box()["y"]  # type: ignore[index]
    phone.check()


def test_long_words_don_t_widen_the_page_of_a_task(tour: Window) -> None:
    body = {"title": "Greenhouse" * 25, "description": "x" * 500, "due_date": "2030-05-04", "labels": ["y" * 40]}
    task = tour.send("tasks/", body)["id"]
    for path in (f"/tasks/{task}/", "/tasks/", "/board/", "/search/?q=Greenhouse", "/calendar/2030-05/"):
        page = tour.open(path)
        expect(page.locator("h1").first).to_be_attached()
        for size in (DESK, PHONE, ZOOMED):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert width_of(page) == size["width"], (path, size)
    tour.send(f"tasks/{task}/", {"stage": "ARCHIVED"}, method="PATCH")
    tour.check()


@pytest.mark.parametrize("key", ["q", "/", "?", "Control+k"])
def test_axe_finds_nothing_in_an_open_dialog(desk: Window, key: str) -> None:
    page = desk.live("/")
    page.keyboard.press(key)
    expect(page.locator("#dialog[open]")).to_be_visible()
    assert axe_findings(page) == []
    assert page.locator("#dialog").get_attribute("aria-label")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # out of the field, out of the dialog
    expect(page.locator("#dialog")).to_be_hidden()
    desk.check()


@pytest.mark.parametrize("field", ["title", "description", "due", "repeats", "reminder", "needs", "assign", "labels"])
def test_axe_finds_nothing_in_an_open_editor(tour: Window, field: str) -> None:
    tour.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page = tour.live("/tasks/1/")
    page.locator(f"[data-edit={field}]").first.click()
    expect(page.locator("[data-editor], .needed, #part-needs form").first).to_be_visible()
    assert axe_findings(page) == []
    assert width_of(page) == PHONE["width"]
    tour.check()


def test_without_colours_of_its_own_a_page_still_shows_what_is_chosen_and_what_is_done(tour: Window) -> None:
    tour.page.set_viewport_size(DESK)  # type: ignore[arg-type]
    tour.page.emulate_media(forced_colors="active")
    page = tour.open("/tasks/1/")
    style = "(element, name) => getComputedStyle(element)[name]"
    assert page.locator(".stages [aria-pressed=true]").evaluate(style, "outlineStyle") == "solid"
    assert page.locator("h1 .check .i").evaluate(style, "visibility") == "hidden"  # else it looks done
    assert page.locator(".facts .dot").first.evaluate(style, "forcedColorAdjust") == "none"
    page = tour.open("/")
    assert page.locator(".side [aria-current]").evaluate(style, "outlineStyle") == "solid"
    assert page.locator("[data-list=due] .check .i").first.evaluate(style, "visibility") == "hidden"
    tour.page.emulate_media(forced_colors="none")
    tour.check()


def test_nothing_moves_for_people_who_don_t_want_it(tour: Window) -> None:
    page = tour.open("/board/")
    slow = """[...document.querySelectorAll('*')].filter((one) => {
      const style = getComputedStyle(one), times = `${style.transitionDuration},${style.animationDuration}`;
      return times.split(',').some((time) => parseFloat(time) > 0.001);
    }).length"""
    assert page.evaluate(slow) == 0
    tour.page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(slow) > 0
    tour.page.emulate_media(reduced_motion="reduce")


def test_pages_are_small(desk: Window) -> None:
    sizes: dict[str, int] = {}
    urls: dict[str, str] = {}
    wire = desk.page.context.new_cdp_session(desk.page)
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    wire.on("Network.requestWillBeSent", lambda sent: urls.update({sent["requestId"]: sent["request"]["url"]}))

    def loaded(got: Any) -> None:
        sizes[urls.get(got["requestId"], "")] = got["encodedDataLength"]

    wire.on("Network.loadingFinished", loaded)
    for path in ("/", "/", "/upcoming/", "/board/", "/calendar/", "/tasks/", "/tasks/1/", "/settings/"):
        most = FIRST_PAGE_BYTES if not urls else LATER_PAGE_BYTES
        sizes.clear()
        urls["first"] = path
        settled(desk.open(path))
        own = {url: size for url, size in sizes.items() if url and "favicon" not in url and "service-worker" not in url}
        static = sum(size for url, size in own.items() if url.endswith((".js", ".css")))
        assert sum(own.values()) - (static if most == LATER_PAGE_BYTES else 0) <= most, own
        assert len([url for url, size in own.items() if size]) <= MOST_REQUESTS, own


@pytest.mark.parametrize("path", ["/", "/tasks/", "/board/", "/tasks/1/", "/sign-in/"])
def test_scripts_and_styles_of_a_page_are_small(tour: Window, path: str) -> None:
    bytes_of = {"script": 0, "link": 0}
    page = tour.open(path)
    for tag in bytes_of:
        for url in page.locator(f"{tag}[src], {tag}[rel=stylesheet]").evaluate_all(
            "all => all.map((one) => one.src ?? one.href)"
        ):
            answer = page.request.get(url, headers={"Accept-Encoding": "gzip, br"})
            assert answer.headers["content-encoding"] == "br"
            bytes_of[tag] += int(answer.headers["content-length"])
    assert 0 < bytes_of["script"] <= SCRIPT_BYTES, bytes_of
    assert 0 < bytes_of["link"] <= STYLE_BYTES, bytes_of


def test_swagger_ui_shows_every_operation_and_tries_one_out(desk: Window) -> None:
    page = desk.open("/api/docs/")
    operation = page.locator("#operations-tasks-tasks_list")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").get_by_text("200")).to_be_visible()
    desk.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "operation"), [("/api/docs/", ".opblock"), ("/api/redoc/", "h2")])
def test_the_documentation_can_be_read_in_both_themes(tour: Window, path: str, operation: str, scheme: Any) -> None:
    tour.page.emulate_media(color_scheme=scheme)
    page = tour.open(path)
    expect(page.locator(operation).first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == GROUNDS[scheme]
    assert [found for found in axe_findings(page) if found.startswith("color-contrast")] == []
    for size in (DESK, PHONE, ZOOMED):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert width_of(page) == size["width"], size
    page.get_by_role("link", name="Back to Taskbell").click()
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    tour.check()


def test_redoc_shows_every_operation(window: Window) -> None:
    page = window.open("/api/redoc/")
    expect(page.get_by_role("heading", name="tasks_create")).to_be_attached()
    page.wait_for_load_state("networkidle")
    window.check()
