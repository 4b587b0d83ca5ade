"""A real Chromium before a running Taskbell: what the pages load, what they say to the console, and the keyboard."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright

from tests.processes import RunningTaskbell
from tests.web.conftest import PASSWORD

PHONE = {"width": 390, "height": 844}
PAGES = (
    *("/", "/upcoming/", "/tasks/", "/board/", "/calendar/", "/projects/", "/reports/", "/activity/", "/people/"),
    *("/notifications/", "/settings/", "/settings/mail/", "/settings/security/", "/search/?q=week", "/import/"),
    *("/trash/", "/keys/", "/more/", "/tasks/quick/", "/deliveries/"),
)
EMAIL = "ada@example.org"
expect.set_options(timeout=30_000)  # ReDoc needs several seconds on a busy machine


@dataclass
class Window:
    """A window of the browser, with what it has asked for and complained about."""

    page: Page
    address: str
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def sign_in(self) -> None:
        self.open("/sign-in/")
        self.page.get_by_label("Username or email address").fill(EMAIL)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", name="Today", exact=True)).to_be_visible()

    def check(self) -> None:
        """Nothing was asked of any other host, nothing was blocked, and no script has failed."""
        assert self.complaints == []
        assert self.hosts - {""} == {urlsplit(self.address).netloc}  # a blob or data address has no host


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTaskbell]:
    with RunningTaskbell(tmp_path_factory.mktemp("browser") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])  # it visits nobody but us
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Chromium, running: RunningTaskbell) -> Iterator[Window]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    yield Window(context.new_page(), running.base_url)
    context.close()


@pytest.fixture(scope="module", autouse=True)
def ada(chromium: Chromium, running: RunningTaskbell) -> None:
    """Ada signs up, as the first person does: by the button on the front page."""
    context = chromium.new_context()
    window = Window(context.new_page(), running.base_url)
    page = window.open("/")
    page.get_by_role("link", name="Create the first account").click()
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create the first account").click()
    expect(page.get_by_text("Welcome, Ada. Your account is ready.")).to_be_visible()
    expect(page.get_by_text("Review the week ahead")).to_be_visible()
    window.check()
    context.close()


def test_ada_signs_in_without_a_mouse(window: Window) -> None:
    page = window.open("/")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Sign in":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    window.check()


@pytest.mark.parametrize(
    "path", [*PAGES, "/password/change/", "/admin/", "/admin/tasks/task/", "/admin/tasks/task/add/"]
)
def test_a_page_loads_from_here_alone_and_without_complaint(window: Window, path: str) -> None:
    window.sign_in()
    window.open(path).wait_for_load_state("networkidle")
    window.check()


def test_swagger_ui_shows_every_operation_and_tries_one_out(window: Window) -> None:
    window.sign_in()
    page = window.open("/api/docs/")
    operation = page.locator("#operations-tasks-tasks_list")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").get_by_text("200")).to_be_visible()
    window.check()


def test_redoc_shows_every_operation(window: Window) -> None:
    page = window.open("/api/redoc/")
    expect(page.get_by_role("heading", name="tasks_create")).to_be_attached()
    page.wait_for_load_state("networkidle")
    window.check()


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/sign-up/", "/password/reset/", "/invite/x/", "/nowhere/"])
def test_nobody_scrolls_sideways_on_a_phone(window: Window, path: str) -> None:
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(window.open(path))


@pytest.mark.parametrize("path", [*PAGES, "/password/change/"])
def test_nor_does_ada(window: Window, path: str) -> None:
    window.sign_in()
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(window.open(path))


def test_nor_on_the_page_of_a_task(window: Window) -> None:
    window.sign_in()
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    body = {"title": "Greenhouse" * 25, "description": "x" * 500, "due_date": "2030-05-04"}
    answer = window.page.request.post(f"{window.address}/api/tasks/", data=body, headers=_csrf(window))
    assert answer.status == 201, answer.text()
    page = window.open(f"/tasks/{answer.json()['id']}/")
    expect(page.get_by_role("heading", name="Comments and history")).to_be_visible()
    assert_fits(page)
    window.check()


def _csrf(window: Window) -> dict[str, str]:
    """What the browser sends with a request of its own that changes something."""
    (token,) = [cookie["value"] for cookie in window.page.context.cookies() if cookie["name"].endswith("csrftoken")]
    return {"X-CSRFToken": token, "Referer": window.address}


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
