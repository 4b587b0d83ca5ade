"""Files that somebody tried by hand, to find what is lost without a word."""

import io
import json
from datetime import date, datetime, time
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.people.leaving import deactivate_person
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer.exporting import every_task, export_tasks
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.importing import ImportRefused, ImportResult, import_tasks
from taskbell.transfer.opening import OpenedFile
from taskbell.transfer.reading import Unreadable
from tests.conftest import NOW


@pytest.fixture
def bo(bo: User) -> User:
    bo.profile.timezone = "Europe/Berlin"
    bo.profile.save()
    return bo


def bring(by: User, content: bytes) -> ImportResult:
    file = OpenedFile(io.BytesIO(content), FileOptions(NOW, by.profile.timezone))
    return import_tasks(file.rows(), by=by, now=NOW)


def calendar(*lines: str, encoding: str = "utf-8") -> bytes:
    text = ["BEGIN:VCALENDAR", "BEGIN:VTODO", "UID:sow", *lines, "END:VTODO", "END:VCALENDAR", ""]
    return "\r\n".join(text).encode(encoding)


def told(report: ImportResult) -> list[str]:
    return [notice.message for notice in report.notices]


def test_a_calendar_in_windows_1252_keeps_its_letters(bo: User) -> None:
    report = bring(bo, calendar("SUMMARY:Müller säen", "DESCRIPTION:Grüße", encoding="cp1252"))
    task = Task.objects.get()
    assert (task.title, task.description) == ("Müller säen", "Grüße")
    assert told(report) == ["Read as Windows-1252, because it isn't UTF-8."]


def test_characters_that_a_title_loses_are_told(bo: User) -> None:
    report = bring(bo, calendar("SUMMARY:Sow\x07 beans"))
    assert Task.objects.get().title == "Sow beans"
    assert told(report) == ["UID sow (Sow beans): Characters that can't be read are left out of the title: 1."]


@pytest.mark.parametrize(
    ("due", "rule", "first", "second"),
    [
        ("20270301T233000Z", "FREQ=WEEKLY;BYDAY=MO", (2027, 3, 2, 0, 30), (2027, 3, 9, 0, 30)),
        ("20270301T233000Z", "FREQ=WEEKLY;BYDAY=MO,WE", (2027, 3, 2, 0, 30), (2027, 3, 4, 0, 30)),
        ("20270301T233000Z", "FREQ=MONTHLY;BYMONTHDAY=1", (2027, 3, 2, 0, 30), (2027, 4, 2, 0, 30)),
        ("20270301T080000Z", "FREQ=WEEKLY;BYDAY=MO", (2027, 3, 1, 9, 0), (2027, 3, 8, 9, 0)),
        ("20270301T233000Z", "FREQ=DAILY", (2027, 3, 2, 0, 30), (2027, 3, 3, 0, 30)),
    ],
)
def test_a_rule_of_a_time_in_utc_names_the_days_of_the_person_who_imports(
    bo: User, due: str, rule: str, first: Any, second: Any
) -> None:
    report = bring(bo, calendar("SUMMARY:Sow", f"DUE:{due}", f"RRULE:{rule}"))
    assert told(report) == []
    task = Task.objects.get()
    assert (task.due_date, task.due_time, task.timezone) == (*parts(first), "Europe/Berlin")
    update_task(task.pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
    following = Task.objects.exclude(pk=task.pk).get()
    assert (following.due_date, following.due_time) == parts(second)


def parts(of: Any) -> tuple[date, time]:
    moment = datetime(*of)  # noqa: DTZ001 - wall time
    return moment.date(), moment.time()


def test_a_rule_that_has_no_twin_here_is_told(bo: User) -> None:
    report = bring(bo, calendar("SUMMARY:Sow", "DUE:20270331T223000Z", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31"))
    assert [
        one for one in told(report) if "The calendar's rule counts days in UTC. Taskbell's counts them in Europe" in one
    ]


def test_an_object_that_says_a_thing_twice_is_refused(bo: User) -> None:
    with pytest.raises(Unreadable, match="an object has 'title' twice"):
        bring(bo, b'[{"title": "Sow", "title": "Dig"}]')


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b'[{"title": "Sow"},\n\n {"title": Dig}]', 3, "Must be JSON: expecting value."),
        (b'[{"title": ' + b"[" * 50_000, 1, "Must be JSON with fewer nested levels."),
    ],
)
def test_what_is_wrong_in_json_is_said_without_numbers_of_characters(
    bo: User, content: bytes, line: int, words: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        bring(bo, content)
    assert (refused.value.error.line, refused.value.error.message) == (line, words)


@pytest.mark.parametrize("format_", ["csv", "json", "ics"])
def test_a_member_brings_back_a_completed_task_of_somebody_who_has_left(
    ada: User, bo: User, cy: User, format_: str
) -> None:
    create_task(TaskPatch(title="Sow", assigned_to_id=cy.pk, stage="COMPLETED"), by=bo, now=NOW)
    deactivate_person(cy, hand_to=None, by=ada, now=NOW)
    file = b"".join(export_tasks(every_task(bo), bo, format_))
    Task.objects.all().delete()
    assert bring(bo, file).created == 1
    assert Task.objects.get().assigned_to == cy


def test_a_member_gives_no_open_task_to_somebody_who_has_left(ada: User, bo: User, cy: User) -> None:
    deactivate_person(cy, hand_to=None, by=ada, now=NOW)
    with pytest.raises(ImportRefused):
        bring(bo, b"title,assigned_to,stage\nSow,cy,PENDING\n")


def test_a_moment_of_completion_that_no_open_task_has_is_told(bo: User) -> None:
    report = bring(bo, b"title,status,completed_at\nSow,archived,2026-02-01T08:00:00Z\n")
    assert told(report) == ["Can't be imported, because the task is ARCHIVED: 2026-02-01 08:00."]


def test_a_google_task_of_a_day_has_no_time(bo: User) -> None:
    day = "2027-01-01T00:00:00Z"
    times = [{"current": True, "start": day}]
    task = {"kind": "tasks#task", "id": "1", "title": "Sow", "status": "needsAction", "due": day}
    lists = [{"kind": "tasks#tasks", "title": "Garden", "items": [task | {"scheduled_time": times}]}]
    bring(bo, json.dumps({"kind": "tasks#taskLists", "items": lists}).encode())
    found = Task.objects.get()
    assert (found.due_date, found.due_time) == (date(2027, 1, 1), None)


def test_a_microsoft_task_in_html_becomes_markdown(bo: User) -> None:
    body = {"contentType": "html", "content": "<html><body><b>Deep</b> rows</body></html>"}
    task = {"id": "1", "title": "Sow", "isReminderOn": False, "status": "notStarted", "body": body}
    bring(bo, json.dumps({"value": [task]}).encode())
    assert Task.objects.get().description == "**Deep** rows"


def test_a_board_whose_bytes_are_not_utf_8_is_imported_and_its_losses_told(bo: User) -> None:
    report = bring(bo, b'{"cards": [{"id": "1", "name": "M\xfcller", "closed": false}], "lists": []}')
    assert Task.objects.get().title == "Mller"
    assert [one for one in told(report) if "Characters that can't be read are left out of the title: 1." in one]


@pytest.mark.parametrize("format_", ["csv", "json", "ics"])
def test_tasks_that_two_people_brought_from_one_file_are_exported_and_come_back(
    ada: User, bo: User, cy: User, format_: str
) -> None:
    file = json.dumps([{"title": "Garden", "tasks": [{"id": 7, "title": "Sow"}]}]).encode()
    for person, content in ((bo, calendar("SUMMARY:Dig")), (bo, file), (cy, calendar("SUMMARY:Dig")), (cy, file)):
        assert bring(person, content).created == 1
    exported = b"".join(export_tasks(every_task(ada), ada, format_))
    again = bring(ada, exported)
    assert (again.created, again.skipped) == (0, 4)
    Task.objects.all().delete()
    report = bring(ada, exported)
    assert (report.created, told(report)) == (4, [])
    assert bring(bo, file).created == 0


@pytest.mark.parametrize("format_", ["csv", "json", "ics"])
def test_a_copy_of_a_task_of_this_installation_goes_out_beside_it(ada: User, bo: User, cy: User, format_: str) -> None:
    create_task(TaskPatch(title="Sow"), by=bo, now=NOW)
    file = b"".join(export_tasks(every_task(bo), bo, format_))
    assert bring(cy, file).created == 1
    exported = b"".join(export_tasks(every_task(ada), ada, format_))
    assert (bring(ada, exported).skipped, bring(cy, file).skipped) == (2, 1)
    Task.objects.all().delete()
    report = bring(ada, exported)
    assert (report.created, told(report)) == (2, [])


def test_a_task_without_a_title_is_called_that(bo: User) -> None:
    card = {"id": "1", "name": "", "closed": False, "start": "2027-01-01T00:00:00Z"}
    report = bring(bo, json.dumps({"cards": [card], "lists": []}).encode())
    assert told(report)[0] == "Card without a title: start can't be imported: 2027-01-01T00:00:00Z."


@pytest.mark.parametrize(
    "several", ["[{}, {}]", "{}\n{}", '[{{"value": [{}]}}, [{}]]', '{{"value": [{}]}}\n{{"value": [{}]}}']
)
def test_every_page_of_microsoft_to_do_in_a_file_is_imported(bo: User, several: str) -> None:
    tasks = [json.dumps({"id": title, "title": title, "isReminderOn": False}) for title in ("Sow", "Dig")]
    assert bring(bo, several.format(*tasks).encode()).created == 2


def test_a_file_of_two_boards_is_refused(bo: User) -> None:
    board = json.dumps({"cards": [{"id": "1", "name": "Sow"}], "lists": []})
    with pytest.raises(Unreadable, match="Line 2: Must be one JSON value, not several"):
        bring(bo, f"{board}\n{board}".encode())
    assert not Task.objects.exists()
