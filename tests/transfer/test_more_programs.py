"""More files of other programs, made by us from what their makers have written down of them."""

import io
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.reminders.models import Reminder
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Task
from taskbell.tasks.occurrences import coming_due_dates
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.importing import ImportResult, Options, import_tasks
from taskbell.transfer.opening import OpenedFile
from tests.conftest import NOW

SAMPLES = Path(__file__).parent / "samples"
SINCE = datetime(2026, 5, 1, 10, tzinfo=UTC)
LATE = (date(2027, 4, 1), time(0, 30), "Europe/Berlin")  # 22:30 of the day before, in UTC


@pytest.fixture
def bo(bo: User) -> User:
    bo.profile.timezone = "Europe/Berlin"
    bo.profile.save()
    return bo


def open_bytes(content: bytes, by: User, **how: Any) -> OpenedFile:
    return OpenedFile(io.BytesIO(content), FileOptions(NOW, by.profile.timezone), **how)


def bring(name: str, by: User, format_: str) -> tuple[dict[str, Task], list[tuple[str, str]]]:
    """The tasks by title, and what was not carried: nobody says which format it is."""
    file = open_bytes((SAMPLES / name).read_bytes(), by)
    assert file.format == format_
    report = import_tasks(file.rows(), by=by, now=NOW)
    assert (report.failed, report.created) == (0, report.rows)
    again = import_tasks(open_bytes((SAMPLES / name).read_bytes(), by).rows(), by=by, now=NOW)
    assert (again.created, again.skipped) == (0, report.rows)
    update = import_tasks(
        open_bytes((SAMPLES / name).read_bytes(), by).rows(), Options(on_existing="update"), by=by, now=NOW
    )
    assert (update.created, update.updated, update.skipped) == (0, 0, report.rows)
    tasks = {task.title: task for task in Task.objects.select_related("category", "project").order_by("-id")}
    return tasks, notices_of(report)


def notices_of(report: ImportResult) -> list[tuple[str, str]]:
    return [(notice.field, notice.message) for notice in report.notices]


def due(task: Task) -> tuple[date | None, time | None, str]:
    return task.due_date, task.due_time, task.timezone


def waits_for(task: Task) -> list[str]:
    return sorted(needed.title for needed in task.pre_tasks.all())


def spans(task: Task) -> list[Any]:
    return [(one.before_due, one.at) for one in Reminder.objects.filter(task=task)]


def test_a_board_of_trello(bo: User) -> None:
    tasks, notices = bring("trello.json", bo, "trello")
    sow, seeds, rest = tasks["Sow"], tasks["Buy seeds"], tasks["Rest"]
    assert due(sow) == LATE
    assert (sow.stage, sow.project.name, str(sow.category), sow.assigned_to) == ("PENDING", "Garden", "To do", bo)
    assert sow.description == "In rows\n\n**Steps**\n\n- [x] Dig\n- [ ] Water"
    assert sow.created_at == datetime.fromtimestamp(0x65A4F000, UTC)
    assert [span.text for span, _ in spans(sow)] == ["PT60M"]
    assert (seeds.stage, str(seeds.category), spans(seeds), rest.stage) == ("COMPLETED", "Done", [], "ARCHIVED")
    assert notices == [
        (name, f"Card Sow: {name} can't be imported: {value}.")
        for name, value in [
            ("start", "2027-03-30T10:00:00.000Z"),
            ("attachments", "Plan https://example.org/plan.png"),
            ("address", "Berlin"),
            ("member", "cy"),
            ("comment", "1 of 3, not in the file"),
            ("custom field", "Bed 7"),
            ("due date of a checklist item", "Water 2027-04-01T10:00:00.000Z"),
        ]
    ]


def test_a_backup_of_ticktick(bo: User) -> None:
    tasks, notices = bring("ticktick.csv", bo, "ticktick")
    sow, seeds, dig, rest = (tasks[title] for title in ("Sow", "Buy seeds", "Dig", "Rest"))
    assert due(sow) == LATE
    assert (sow.priority, sow.project.name, sow.recurrence) == (Priority.HIGH, "Garden", "FREQ=WEEKLY;INTERVAL=1")
    assert (sow.category, str(seeds.category), dig.project) == (None, "Next", bo.inbox)
    assert [span.text for span, _ in spans(sow)] == ["PT30M"]
    assert (due(seeds)[:2], seeds.description) == ((date(2027, 3, 27), None), "- [x] Beans\n- [ ] Peas")
    assert [at for _, at in spans(seeds)] == [datetime(2027, 3, 27, 8, tzinfo=UTC)]
    assert waits_for(sow) == ["Buy seeds"]
    assert (dig.stage, dig.completed_at, rest.stage) == ("COMPLETED", datetime(2026, 5, 2, 10, tzinfo=UTC), "ARCHIVED")
    assert notices == [
        ("Folder Name", "Task Sow: Folder Name can't be imported: Home."),
        ("Kind", "Task Rest: Kind can't be imported: NOTE."),
    ]


def test_lists_of_google_tasks(bo: User) -> None:
    tasks, notices = bring("google-tasks.json", bo, "google-tasks")
    sow, seeds, call = tasks["Sow"], tasks["Buy seeds"], tasks["Call Cy"]
    assert due(sow)[:2] == (date(2027, 3, 31), None)
    assert due(call) == LATE
    assert tasks["Rest"].project == bo.inbox
    assert (sow.description, sow.project.name, sow.created_at, waits_for(sow)) == (
        *("In rows", "Garden", SINCE),
        ["Buy seeds"],
    )
    assert (seeds.stage, seeds.completed_at) == ("COMPLETED", datetime(2026, 5, 2, 10, tzinfo=UTC))
    assert [name for name, _ in notices] == ["deleted", "links", "starred", "title"]
    assert "Gone" in notices[0][1]
    assert "https://mail.google.com/a" in notices[1][1]
    assert "Untitled" in tasks
    assert "Empty" not in tasks  # which is a list


def test_tasks_of_microsoft_to_do(bo: User) -> None:
    tasks, notices = bring("microsoft-todo.json", bo, "microsoft-todo")
    sow, seeds, ask = tasks["Sow"], tasks["Buy seeds"], tasks["Ask Cy"]
    assert due(sow) == (date(2027, 4, 1), None, "Europe/Berlin")  # its midnight in Berlin
    assert (sow.stage, sow.priority, sow.project.name) == ("IN_PROGRESS", Priority.HIGH, "Garden")
    assert tasks["Rest"].project == bo.inbox
    assert sow.description == "In rows\n\n- [x] Dig\n- [ ] Water"
    assert set(sow.recurrence.split(";")) == {
        *("FREQ=WEEKLY", "INTERVAL=2", "BYDAY=MO,TH", "WKST=SU", "UNTIL=20271231"),
    }
    assert [at for _, at in spans(sow)] == [datetime(2027, 3, 31, 7, tzinfo=UTC)]
    assert (seeds.stage, seeds.due_date) == ("COMPLETED", date(2026, 5, 3))
    assert (ask.stage, ask.priority) == ("PENDING", Priority.LOW)
    assert notices == [
        ("linkedResources", "Task Sow: linkedResources can't be imported: Plan https://example.org/plan."),
        ("status", "Task Ask Cy: status can't be imported: waitingOnOthers."),
    ]


def test_tasks_of_taskwarrior(bo: User) -> None:
    tasks, notices = bring("taskwarrior.json", bo, "taskwarrior")
    sow, seeds, ring = tasks["Sow"], tasks["Buy seeds"], tasks["Ring"]
    assert due(sow) == LATE
    assert (sow.stage, sow.priority, sow.project.name, sow.created_at) == (
        *("IN_PROGRESS", Priority.HIGH, "Garden", SINCE),
    )
    assert (waits_for(sow), seeds.stage) == (["Buy seeds"], "COMPLETED")
    water = Task.objects.filter(title="Water").order_by("id")
    assert [(one.due_date, one.due_time, one.recurrence) for one in water] == [
        (date(2027, 3, 30), None, ""),
        (date(2027, 4, 6), None, "FREQ=WEEKLY"),
    ]
    assert (ring.recurrence, ring.due_date) == ("", date(2027, 4, 6))
    assert [name for name, _ in notices] == ["status", "wait", "estimate", "recurrence"]
    assert "Task Ring: Can't be imported: PT6H." in notices[-1][1]


@pytest.mark.parametrize(
    ("recur", "rule"),
    [
        ("2weeks", "FREQ=WEEKLY;INTERVAL=2"),
        ("P1M", "RSCALE=GREGORIAN;FREQ=MONTHLY;INTERVAL=1;SKIP=BACKWARD"),  # due on the 31st
        ("3 days", "FREQ=DAILY;INTERVAL=3"),
        ("quarterly", "RSCALE=GREGORIAN;FREQ=MONTHLY;INTERVAL=3;SKIP=BACKWARD"),
        ("2y", "FREQ=YEARLY;INTERVAL=2"),
    ],
)
def test_periods_of_taskwarrior_are_rules(bo: User, recur: str, rule: str) -> None:
    task = (
        '{"uuid": "u", "entry": "20260501T100000Z", "status": "recurring", "description": "Sow",'
        f' "due": "20270331T100000Z", "recur": "{recur}"}}'
    )
    assert not import_tasks(open_bytes(task.encode(), bo).rows(), by=bo, now=NOW).notices.count
    assert Task.objects.get().recurrence == rule


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ({"type": "daily", "interval": 3}, {"FREQ=DAILY", "INTERVAL=3"}),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, {"BYMONTHDAY=31", "SKIP=BACKWARD"}),
        ({"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29}, {"BYMONTHDAY=29", "SKIP=BACKWARD"}),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
            {"FREQ=MONTHLY", "BYDAY=FR", "BYSETPOS=-1"},
        ),
        (
            {"type": "absoluteYearly", "interval": 1, "month": 3, "dayOfMonth": 31},
            {"FREQ=YEARLY", "BYMONTH=3", "BYMONTHDAY=31"},
        ),
    ],
)
def test_patterns_of_microsoft_are_rules(bo: User, pattern: dict[str, Any], rule: set[str]) -> None:
    task = {
        "id": "a",
        "title": "Sow",
        "isReminderOn": False,
        "dueDateTime": {"dateTime": "2027-03-31T00:00:00.0000000", "timeZone": "UTC"},
        "recurrence": {"pattern": pattern, "range": {"type": "noEnd"}},
    }
    import_tasks(open_bytes(json.dumps({"value": [task]}).encode(), bo).rows(), by=bo, now=NOW)
    assert rule <= set(Task.objects.get().recurrence.split(";"))


@pytest.mark.parametrize(
    ("due", "recur", "expected"),
    [
        ("20270130T230000Z", "monthly", ["2027-01-31", "2027-02-28", "2027-03-31"]),  # the 31st in Berlin
        ("20280228T230000Z", "yearly", ["2028-02-29", "2029-02-28", "2030-02-28"]),
        ("20270115T100000Z", "monthly", ["2027-01-15", "2027-02-15", "2027-03-15"]),
    ],
)
def test_a_day_that_a_month_lacks_is_where_the_program_puts_it(
    bo: User, due: str, recur: str, expected: list[str]
) -> None:
    bo.profile.timezone = "Europe/Berlin"
    bo.profile.save()
    task = {"uuid": "u", "entry": "20260501T100000Z", "status": "recurring", "description": "Sow", "recur": recur}
    import_tasks(open_bytes(json.dumps(task | {"due": due}).encode(), bo).rows(), by=bo, now=NOW)
    sow = Task.objects.get()
    assert [str(day) for day in (sow.due_date, *coming_due_dates(sow, now=NOW, most=2))] == expected
    assert ("SKIP=BACKWARD" in sow.recurrence) == (expected[0] != "2027-01-15")
