"""One Chromium, one Taskbell, and Ada, who has signed up there once."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.prepared import prepared
from tests.processes import RunningTaskbell
from tests.web.browser.windows import EMAIL, PHONE, Window, window_of
from tests.web.conftest import PASSWORD

expect.set_options(timeout=30_000)  # ReDoc needs several seconds on a busy machine


@pytest.fixture(scope="session")
def running(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTaskbell]:
    with RunningTaskbell(prepared(tmp_path_factory.mktemp("browser") / "data")) as running:
        yield running


@pytest.fixture(scope="session")
def ada(chromium: Chromium, running: RunningTaskbell) -> Any:
    """Ada's cookies, after she has signed up like any first person: by the button on the front page."""
    with window_of(chromium, running.base_url, locale="en-GB") as window:
        page = window.open("/")
        page.get_by_role("link", name="Create the first account").click()
        page.get_by_label("First name").fill("Ada")
        page.get_by_label("Email address").fill(EMAIL)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Create the first account").click()
        expect(page.get_by_text("Welcome, Ada. Your account is ready.")).to_be_visible()
        expect(page.get_by_text("Review the week ahead")).to_be_visible()
        window.check()
        return page.context.storage_state()


@pytest.fixture
def window(chromium: Chromium, running: RunningTaskbell, ada: Any) -> Iterator[Window]:
    """The window of a stranger."""
    with window_of(chromium, running.base_url) as window:
        yield window


@pytest.fixture
def desk(chromium: Chromium, running: RunningTaskbell, ada: Any) -> Iterator[Window]:
    """Ada at her desk."""
    with window_of(chromium, running.base_url, storage_state=ada) as window:
        yield window


@pytest.fixture
def phone(chromium: Chromium, running: RunningTaskbell, ada: Any) -> Iterator[Window]:
    """Ada with her phone: no mouse, so nothing can be hovered over."""
    with window_of(
        chromium, running.base_url, storage_state=ada, viewport=PHONE, has_touch=True, is_mobile=True
    ) as window:
        yield window
