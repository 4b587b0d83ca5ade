"""Windows of a real Chromium with a running Taskbell: what they request, and their console errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.web.conftest import PASSWORD

DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
EMAIL = "ada@example.org"
AXE = (Path(__file__).parent.parent / "axe" / "axe-4.14.1.min.js").read_text()


@dataclass
class Window:
    """A window of the browser."""

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

    def live(self, path: str) -> Page:
        """Opens the page, and waits until its live connection is open: its scripts are ready then."""
        return settled(self.open(path))

    def sign_in(self, identifier: str = EMAIL) -> None:
        self.open("/sign-in/")
        self.page.get_by_label("Username or email address").fill(identifier)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", name="Today", exact=True)).to_be_visible()

    def send(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> dict[str, Any]:
        """Calls the API beside the page, as another window of this person would."""
        (token,) = [one["value"] for one in self.page.context.cookies() if one["name"].endswith("csrftoken")]
        headers = {"X-CSRFToken": token, "Referer": self.address}
        answer = self.page.request.fetch(f"{self.address}/api/{path}", method=method, data=body, headers=headers)
        assert answer.ok, answer.text()
        found: dict[str, Any] = answer.json() if answer.body() else {}
        return found

    def check(self, *expected: str) -> None:
        """No request went to another host, nothing was blocked, and no script failed, except as expected."""
        assert [said for said in self.complaints if not any(one in said for one in expected)] == []
        assert self.hosts - {""} == {urlsplit(self.address).netloc}  # a blob or data address has no host


@contextmanager
def window_of(chromium: Chromium, address: str, **options: Any) -> Iterator[Window]:
    """A window with cookies of its own."""
    context = chromium.new_context(**{"viewport": DESK, "timezone_id": "Europe/Berlin"} | options)
    yield Window(context.new_page(), address)
    context.close()


def settled(page: Page) -> Page:
    """The page once its live connection is open."""
    expect(page.locator("body[data-connection=live]")).to_be_attached()
    return page


def quick_add(page: Page, line: str) -> None:
    page.keyboard.press("q")
    page.get_by_label("The task, in one line").fill(line)
    page.keyboard.press("Enter")
    expect(page.locator(".toast").filter(has_text="added").last).to_be_visible()
    expect(page.locator("#dialog")).to_be_hidden()


def axe_findings(page: Page) -> list[str]:
    """What axe finds in the page as it is now."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)")
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"][:3]]


def width_of(page: Page) -> int:
    """How wide the page is with all that sticks out."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width
