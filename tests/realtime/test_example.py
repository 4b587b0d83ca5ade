"""The example of docs/live.md, as it stands, in a real Chromium on a page of a running Taskbell."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from tests.prepared import prepared
from tests.processes import ROOT, RunningTaskbell, eventually
from tests.realtime.live import PASSWORD, Somebody
from tests.services import fresh_database

# It visits nobody but us; and a page that the test slips in has no address that its connections could be compared with.
OPTIONS = ("--no-sandbox", "--disable-features=LocalNetworkAccessChecks")
EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def page() -> Iterator[Page]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser.new_page(service_workers="block")
        browser.close()


def example(route: Route) -> None:
    """The files of the example, as if Taskbell served them."""
    route.fulfill(path=EXAMPLES / Path(route.request.url).name)


def sign_in(page: Page, somebody: Somebody) -> None:
    page.goto(f"{somebody.base_url}/sign-in/")
    page.get_by_label("Username or email address").fill(f"{somebody.name}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


def test_a_list_lives_through_changes_a_restart_and_signing_out(page: Page, tmp_path: Path) -> None:
    with (
        RunningTaskbell(prepared(tmp_path / "data"), env=fresh_database()) as house,
        Somebody(house.base_url, "ada") as ada,
    ):
        ada.create("There before")
        sign_in(page, ada)
        page.route("**/examples/*", example)
        page.route("**/api/tasks/*", lambda route: route.fulfill(status=503, json={}), times=1)
        page.goto(f"{ada.base_url}/examples/live.html")
        rows, state = page.get_by_role("listitem"), page.locator("#state")
        expect(state).to_have_text("Live")
        expect(rows).to_have_text(["There before: PENDING"])

        task = ada.create("Water the plants")
        expect(rows).to_have_text(["There before: PENDING", "Water the plants: PENDING"])
        ada.change(task, status="IN_PROGRESS", title="Water them all")
        expect(rows).to_have_text(["There before: PENDING", "Water them all: IN_PROGRESS"])

        old = house.pid("web")
        assert old
        os.kill(old, signal.SIGTERM)
        expect(state).to_have_text("Offline", timeout=10_000)
        eventually(house.answers, within=20)
        ada.http.delete(f"tasks/{task['id']}/")
        expect(rows).to_have_text(["There before: PENDING"], timeout=30_000)
        expect(state).to_have_text("Live")

        assert ada.http.delete("sessions/").status_code < 300
        expect(state).to_have_text("Signed out", timeout=30_000)


def test_a_task_that_goes_while_the_list_is_loaded_takes_no_other_with_it(page: Page, tmp_path: Path) -> None:
    with (
        RunningTaskbell(prepared(tmp_path / "data"), env=fresh_database()) as house,
        Somebody(house.base_url, "ada") as ada,
    ):
        rows = "title\n" + "".join(f"Task {number}\n" for number in range(202))
        assert ada.http.post("tasks/import/", content=rows, headers={"Content-Type": "text/csv"}).status_code == 200
        newest = ada.http.get("tasks/?page_size=1").json()["results"][0]["id"]
        asked: list[str] = []

        def in_between(route: Route) -> None:
            asked.append(route.request.url)
            if len(asked) == 2:
                assert ada.http.delete(f"tasks/{newest}/").status_code < 300
            route.continue_()

        sign_in(page, ada)
        page.route("**/examples/*", example)
        page.route("**/api/tasks/*", in_between)
        page.goto(f"{ada.base_url}/examples/live.html")
        expect(page.get_by_role("listitem")).to_have_count(201, timeout=15_000)
        assert len(asked) == 2
