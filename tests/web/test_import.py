"""Importing a file in the browser: first what it would do, then a worker does it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.reports import uploads
from taskbell.reports.building import make_waiting
from taskbell.reports.models import Report, Upload
from taskbell.tasks.models import Task
from taskbell.transfer import rehearsing
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]
TABLE = b"title,due date,priority\nSow,2026-12-24,HIGH\nWeed,soon,LOW\nReap,,\n"


def upload(browser: Browser, content: bytes = TABLE, name: str = "tasks.csv") -> str:
    """The address of the page that says what the file would do."""
    answer = browser.post("/import/", {"file": SimpleUploadedFile(name, content), "next": "/import/"})
    assert answer.status_code == 302
    return str(answer["Location"])


def work() -> int:
    return make_waiting(clock=utc_now)


def test_bo_sees_what_a_file_would_do_and_then_imports_it(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = upload(browser)
    page = text(browser.get(at))
    for words in ("2 new tasks (csv)", "1 left out", "Sow", "2026-12-24", "Line 3", "due_date"):
        assert words in page
    assert not Task.objects.exists()
    assert work() == 0  # nobody has said that it is to be imported
    assert browser.post(at, {"do": "import"})["Location"] == at
    assert "0 %" in text(browser.get(at))
    assert 'hx-trigger="every 2s"' in text(browser.get(at))
    work()
    page = text(browser.get(at))
    assert "2 tasks imported" in page
    assert "1 row can't be imported" in page
    assert 'href="/tasks/?ordering=-created_at"' in page
    assert set(Task.objects.values_list("title", flat=True)) == {"Sow", "Reap"}
    assert at in text(browser.get("/import/"))


def test_bo_sees_to_which_project_a_file_of_another_program_goes(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = upload(browser, b"TYPE,CONTENT\ntask,Sow\n", "Allotment [7].csv")
    page = text(browser.get(at))
    assert "Allotment" in page
    assert "{" not in page.partition("<tbody")[2].partition("</tbody")[0]
    browser.post(at, {"do": "import"})
    work()
    assert Task.objects.get().project.name == "Allotment"


def test_while_it_is_imported_the_open_page_gets_the_part_that_changes(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = upload(browser)
    browser.post(at, {"do": "import"})
    part = text(browser.get(at, HTTP_HX_REQUEST="true"))
    assert "<html" not in part
    assert "every 2s" in part
    work()
    assert "every 2s" not in text(browser.get(at, HTTP_HX_REQUEST="true"))


def test_bo_says_what_unknown_columns_are(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = upload(browser, b"What,Urgency,Cost\nSow,HIGH,3\n")
    page = text(browser.get(at))
    assert "title must be one of them" in page
    assert 'value="import" disabled' in page
    for name in ("What", "Urgency", "Cost"):
        assert f'name="column:{name}"' in page
    chosen = {"column:What": "title", "column:Urgency": "priority", "column:Cost": ""}
    browser.post(at, chosen | {"do": "check"})
    page = text(browser.get(at))
    assert "1 new task (csv)" in page
    assert "title must be one of them" not in page
    browser.post(at, chosen | {"do": "import"})
    work()
    task = Task.objects.get()
    assert (task.title, task.get_priority_display()) == ("Sow", "High")


def test_a_choice_counts_without_another_check(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = upload(browser, b"title,Urgency\nSow,HIGH\n")
    browser.post(at, {"do": "import", "column:Urgency": "priority"})
    work()
    assert Task.objects.get().get_priority_display() == "High"


def test_known_tasks_are_skipped_or_updated(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    table = b"source,source_id,title,priority\nold,1,Sow,HIGH\n"
    browser.post(upload(browser, table), {"do": "import"})
    work()
    at = upload(browser, table.replace(b"HIGH", b"LOW"))
    assert "1 already imported and skipped" in text(browser.get(at))
    browser.post(at, {"do": "check", "on_existing": "update"})
    assert "1 updated" in text(browser.get(at))
    browser.post(at, {"do": "import", "on_existing": "update"})
    work()
    assert Task.objects.get().get_priority_display() == "Low"


def test_slashes_are_read_as_bo_says(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = upload(browser, b"title,due date\nSow,03/04/2027\n")
    browser.post(at, {"do": "check", "dates": "dmy"})
    assert "2027-04-03" in text(browser.get(at))
    browser.post(at, {"do": "check", "dates": "mdy"})
    assert "2027-03-04" in text(browser.get(at))


def test_a_large_file_is_checked_while_it_is_imported(
    browser_of: BrowserOf, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(bo)
    for module, name in ((uploads, "MAX_BYTES"), (rehearsing, "MAX_ROWS")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, 1)
            page = text(browser.get(upload(browser)))
            assert "This file is large" in page
            assert "Sow" in page


def test_the_file_goes_when_bo_cancels_or_chooses_another(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    first = upload(browser)
    second = upload(browser)
    assert browser.get(first).status_code == 404
    assert browser.post(second, {"do": "forget"})["Location"] == "/import/"
    assert not Report.objects.exists()
    assert not Upload.objects.exists()


def test_nobody_else_sees_or_starts_the_import(browser_of: BrowserOf, bo: User, cy: User, ada: User) -> None:
    at = upload(browser_of(bo))
    for other in (cy, ada):
        assert browser_of(other).get(at).status_code == 404
        assert browser_of(other).post(at, {"do": "import"}).status_code == 404
        assert browser_of(other).post(at, {"do": "forget"}).status_code == 404
    assert work() == 0


def test_an_import_starts_once(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = upload(browser)
    browser.post(at, {"do": "import"})
    assert browser.post(at, {"do": "import"}).status_code == 404
    assert work() == 1


def test_ivo_who_creates_no_tasks_imports_none(browser_of: BrowserOf, ivo: User) -> None:
    browser = browser_of(ivo)
    assert 'type="file"' not in text(browser.get("/import/"))
    assert upload(browser) == "/import/"
    assert "Your role does not let you create tasks." in text(browser.get("/import/"))
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose a file that is not empty."),
        (b"%PDF-1.7", "it seems to be a PDF"),
        (b"\x00" * 2000, "seems to be"),
        (b"title\n" + b"x" * 2_000_000, "A line must have at most"),
        (b'{"a": ' * 3000, "seems to be"),
        ("title\n\ud800".encode("utf-8", "surrogatepass"), ""),
        (b"title,title\nSow,Reap\n", "Must have the column title once"),
    ],
)
def test_what_is_no_list_of_tasks_is_refused(browser_of: BrowserOf, bo: User, content: bytes, said: str) -> None:
    browser = browser_of(bo)
    assert said in text(browser.get(upload(browser, content, "tasks")))
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"do": "import", "on_existing": "destroy"},
        {"do": "check", "dates": "ymd"},
        {"do": "check", "column:title": "password"},
        {"do": "check", "column:" + "x" * 10_000: "\0"},
    ],
)
def test_odd_choices_are_refused(browser_of: BrowserOf, bo: User, sent: dict[str, Any]) -> None:
    browser = browser_of(bo)
    at = upload(browser)
    assert browser.post(at, sent | {"next": at}).status_code in (302, 303, 400)
    assert work() == 0
    assert browser.get(at).status_code == 200


def test_bo_gets_a_workbook_that_a_worker_writes(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    at = browser.post("/import/workbook/")["Location"]
    assert "Preparing the file" in text(browser.get(at))
    work()
    pk = Report.objects.get().pk
    assert f'href="/api/reports/{pk}/download/"' in text(browser.get(at))
    assert browser.get(f"/api/reports/{pk}/download/").status_code == 200


def test_the_exports_open_in_the_browser_of_bo(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    for format_ in ("csv", "json", "ics"):
        address = f"/api/tasks/export/?format={format_}"
        assert address in text(browser.get("/import/"))
        assert browser.get(address).status_code == 200
