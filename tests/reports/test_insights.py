"""The report as people and programs get it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from taskbell.accounts.models import User
from taskbell.api import insights as module
from taskbell.common.clock import utc_now
from taskbell.reports.insights import due_soon, insights_of
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import delete_task
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Task
from tests.conftest import NOW, Program
from tests.reports.oracle import counted_by_hand
from tests.tasks.conftest import a_task

Somebody = Callable[[User], Program]
URL = "/api/reports/insights/"
NOTHING = {
    "total": 0,
    "completed": 0,
    "pending": 0,
    "tasks_by_priority": {"LOW": 0, "MEDIUM": 0, "HIGH": 0, "URGENT": 0},
    "tasks_by_status": {"PENDING": 0, "IN_PROGRESS": 0, "COMPLETED": 0, "ARCHIVED": 0, "OVERDUE": 0},
    "tasks_assigned": {},
    "tasks_created": {},
    "tasks_due_soon": 0,
}


@pytest.fixture
def board(bo: User, cy: User, mia: User) -> list[Task]:
    """A little of everything."""
    tasks = [
        a_task(bo, "Order soil", assigned_to_id=cy.pk, priority=Priority.HIGH, due_date=utc_now().date()),
        a_task(bo, "Sow the beans", stage=Stage.IN_PROGRESS),
        a_task(cy, "Repair the can", stage=Stage.COMPLETED, priority=Priority.LOW),
        a_task(mia, "Plan", assigned_to_id=bo.pk, stage=Stage.ARCHIVED, priority=Priority.URGENT),
        a_task(mia, "Late", assigned_to_id=cy.pk, due_date=NOW.date() - timedelta(days=3)),
        a_task(mia, "Gone"),
    ]
    Task.objects.filter(title="Late").update(is_overdue=True)
    delete_task(tasks.pop().pk, by=mia, now=NOW)
    return list(Task.objects.with_people())


def test_who_has_no_tasks_gets_every_priority_and_status_with_zero(bo: User, mia: User, as_user: Somebody) -> None:
    for person in (bo, mia):
        assert as_user(person).get(URL).json() == NOTHING


def test_tasks_of_archived_projects_are_in_no_report(board: list[Task], ada: User, bo: User, as_user: Somebody) -> None:
    garden = create_project({"name": "Garden"}, by=bo, now=NOW)
    a_task(bo, "Dig", project_id=garden.pk, assigned_to_id=bo.pk, due_date=utc_now().date())
    change_project(garden.pk, {"archived": True}, by=bo, now=NOW)
    for person in (ada, bo):
        mine = [task for task in board if task.is_visible_to(person)]
        assert as_user(person).get(URL).json() == counted_by_hand(mine, now=utc_now())
        assert as_user(person).get(f"{URL}?archived=true").json()["total"] == 1


def test_managers_and_admins_count_everything_others_what_concerns_them(
    board: list[Task], ada: User, mia: User, bo: User, cy: User, ivo: User, as_user: Somebody
) -> None:
    for person in (ada, mia, bo, cy, ivo):
        mine = [task for task in board if task.is_visible_to(person)]
        assert as_user(person).get(URL).json() == counted_by_hand(mine, now=utc_now())
    everything = as_user(mia).get(URL).json()
    assert everything["tasks_by_status"] == dict.fromkeys(NOTHING["tasks_by_status"], 1)
    assert everything["tasks_assigned"] == {"bo": 1, "cy": 2}
    assert everything["tasks_created"] == {"bo": 2, "cy": 1, "mia": 2}
    assert everything["tasks_due_soon"] == 1
    assert list(as_user(bo).get(URL).json()["tasks_created"]) == ["bo", "mia"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("status=OVERDUE,PENDING", {"Order soil", "Late"}),
        ("priority=LOW,URGENT", {"Repair the can", "Plan"}),
        ("assigned_to=none", {"Sow the beans", "Repair the can"}),
        ("created_by=me&completed=false", {"Plan", "Late"}),
        ("q=SOIL", {"Order soil"}),
        ("blocked=true", set()),
        ("blocked=false&q=an", {"Sow the beans", "Repair the can", "Plan"}),
        ("due_date_lt=2026-11-21&assigned_to=none", set()),
    ],
)
def test_the_filters_are_those_of_the_list(
    board: list[Task], mia: User, as_user: Somebody, query: str, titles: set[str]
) -> None:
    program = as_user(mia)
    listed = {task["title"] for task in program.get(f"/api/tasks/?{query}").json()["results"]}
    assert listed == titles
    wanted = counted_by_hand([task for task in board if task.title in titles], now=utc_now())
    assert program.get(f"{URL}?{query}").json() == wanted


def test_each_row_of_a_large_table_is_counted_once(bo: User, cy: User, mia: User, as_user: Somebody) -> None:
    """PostgreSQL counts the table in two halves; these tasks fill many blocks of it."""
    common = {"created_at": NOW, "updated_at": NOW, "description": "As we said on the phone. " * 20}
    for number in range(300):
        creator = (bo, cy, mia)[number % 3]
        people = {"created_by": creator, "project": creator.inbox, "assigned_to": (None, bo, cy)[number // 2 % 3]}
        kind = {"stage": Stage.values[number % 4], "priority": Priority.values[number // 3 % 4]}
        Task.objects.create(title=str(number), **people, **kind, **common)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tasks_task")  # or the planner takes an index
    tasks = [task for task in Task.objects.with_people() if task.stage != Stage.ARCHIVED]
    query = "?status=PENDING,IN_PROGRESS,OVERDUE,COMPLETED"
    for person in (mia, bo):
        visible = [task for task in tasks if task.is_visible_to(person)]
        assert as_user(person).get(f"{URL}{query}").json() == counted_by_hand(visible, now=utc_now())


def test_due_soon_is_what_is_open_and_due_within_a_day(bo: User) -> None:
    for hours, fields in (
        *((0, {}), (1, {}), (24, {}), (25, {}), (-1, {})),
        *((2, {"stage": Stage.COMPLETED}), (2, {"is_overdue": True}), (2, {"deleted_at": NOW})),
    ):
        task = a_task(bo)
        Task.objects.filter(pk=task.pk).update(due_at=NOW + timedelta(hours=hours), due_time=time(9), **fields)
    assert due_soon(Task.objects.all(), now=NOW) == 2
    assert insights_of(Task.objects.visible_to(bo), now=NOW)["tasks_due_soon"] == 2


@pytest.mark.parametrize(
    ("now", "day", "counts"),
    [
        *(("2026-11-21T00:00", 20, False), ("2026-11-21T00:00", 21, True), ("2026-11-21T00:00", 22, False)),
        *(("2026-11-21T10:00", 21, True), ("2026-11-21T10:00", 22, False)),
        *(("2026-11-21T20:00", 21, True), ("2026-11-21T20:00", 22, True), ("2026-11-21T20:00", 23, False)),
    ],
)
def test_a_task_without_a_time_is_due_on_its_day_and_soon_on_the_evening_before(
    bo: User, now: str, day: int, counts: bool
) -> None:
    a_task(bo, due_date=date(2026, 11, day), timezone="UTC")
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert due_soon(Task.objects.all(), now=moment) == counts


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("surprise=1", "surprise"),
        ("page=1", "page"),
        ("cursor=", "cursor"),
        ("ordering=title", "ordering"),
        ("priority=high", "priority"),
        ("status=DONE", "status"),
        ("by_project=perhaps", "by_project"),
        ("group=year", "group"),
        ("group=", "group"),
        ("group=day,week", "group"),
        ("group=day&group=week", "group"),
        ("from=2027-01-01", "from"),
        ("to=2027-01-01", "to"),
        ("group=day&from=tomorrow", "from"),
        ("group=day&to=0001-01-01", "to"),
        ("group=day&from=2027-01-02&to=2027-01-01", "from"),
        ("group=day&from=2000-01-01&to=2027-01-01", "from"),
        ("group=month&to=9999-12-31", "to"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(
    mia: User, bo: User, as_user: Somebody, query: str, named: str
) -> None:
    for person in (mia, bo):
        answer = as_user(person).get(f"{URL}?{query}")
        assert answer.status_code == 400, answer.content
        assert [error["field"] for error in answer.json()["errors"]] == [named]


def test_a_series_is_there_for_who_asks_for_it(board: list[Task], bo: User, mia: User, as_user: Somebody) -> None:
    query = f"?group=day&from=2026-11-20&to={NOW.date()}"
    for person, created in ((mia, 5), (bo, 3)):
        report = as_user(person).get(f"{URL}{query}").json()
        assert [(point["from"], point["created"]) for point in report["series"]] == [
            ("2026-11-20", 0),
            ("2026-11-21", created),
        ]
    assert len(as_user(mia).get(f"{URL}?group=week&priority=HIGH").json()["series"]) == 12


@pytest.mark.parametrize("count", [3, 30])
def test_the_price_does_not_grow_with_the_tasks(
    bo: User, mia: User, as_user: Somebody, query_budget: Any, count: int
) -> None:
    for _ in range(count):
        a_task(bo, assigned_to_id=mia.pk)
    # Session and person, counts, whether projects are archived, due soon; before counts of rows, whether all are read,
    # and where the middle is.
    for person, most in ((mia, 4), (bo, 5)):
        program = as_user(person)
        with query_budget(most):
            assert program.get(URL).json()["total"] == count
        with query_budget(most + 1):
            assert program.get(f"{URL}?by_project=true").json()["tasks_by_project"]
        with query_budget(8):  # and created, overdue, completed
            assert program.get(f"{URL}?group=day&priority=MEDIUM").json()["total"] == count


def test_a_report_is_kept_for_a_minute_at_most_and_never_past_a_change(
    bo: User, as_user: Somebody, query_budget: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([NOW, NOW, NOW, NOW + timedelta(minutes=1)])
    monkeypatch.setattr(module, "utc_now", lambda: next(times))
    program, query = as_user(bo), f"{URL}?priority=MEDIUM"
    task = program.post(
        "/api/tasks/", {"title": "Soon", "timezone": "UTC", "due_date": "2026-11-22", "due_time": "09:00"}
    ).json()
    Task.objects.filter(pk=task["id"]).update(due_at=NOW + timedelta(hours=24, seconds=30))
    assert program.get(query).json()["tasks_due_soon"] == 0
    with query_budget(1):  # session, person and moment
        assert program.get(query).json()["total"] == 1
    assert program.post("/api/tasks/", {"title": "Another"}).status_code == 201
    assert program.get(query).json()["total"] == 2
    assert program.get(query).json()["tasks_due_soon"] == 1


def test_tasks_are_counted_by_the_projects_that_the_person_sees_if_asked_for(
    bo: User, cy: User, mia: User, as_user: Somebody
) -> None:
    def shown(person: User, query: str = "") -> Any:
        return as_user(person).get(f"{URL}?by_project=true{query}").json()["tasks_by_project"]

    first, second, past = (create_project({"name": name}, by=bo, now=NOW) for name in ("Garden", "Garden", "Past"))
    a_task(bo, project_id=first.pk)
    a_task(bo, project_id=second.pk)
    a_task(bo, project_id=second.pk, priority=Priority.HIGH)
    a_task(bo, project_id=past.pk)
    a_task(bo, assigned_to_id=cy.pk)
    change_project(past.pk, {"archived": True}, by=bo, now=NOW)
    gardens = [{"id": first.pk, "name": "Garden", "total": 1}, {"id": second.pk, "name": "Garden", "total": 2}]
    for person in (bo, mia):
        assert shown(person) == [*gardens, {"id": bo.inbox.pk, "name": "Inbox", "total": 1}]
        assert "tasks_by_project" not in as_user(person).get(f"{URL}?by_project=false").json()
    assert (as_user(cy).get(URL).json()["total"], shown(cy)) == (1, [])
    assert shown(mia, f"&project={first.pk}") == gardens[:1]
    assert shown(bo, "&priority=HIGH") == [gardens[1] | {"total": 1}]
    assert shown(mia, "&archived=true") == [{"id": past.pk, "name": "Past", "total": 1}]
