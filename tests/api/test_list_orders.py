"""The order of a list, and walking through it while others write."""

import json
from collections.abc import Callable
from datetime import date, time
from itertools import count
from random import Random
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from tests.api.shelf import PRIORITIES, STATUSES, Shelf, Slip, later
from tests.conftest import Program
from tests.sharing.conftest import a_task_in, shared_by

Somebody = Callable[[User], Program]
Walk = Callable[..., list[int]]
NAMES = ["id", "title", "priority", "status", "due_date", "due_at", "remind_at", "created_at", "updated_at"]
ORDERINGS = [sign + name for name in NAMES for sign in ("", "-")]
MIXED = [
    "priority,-due_date",
    "-status,title,-id",
    "due_date,-remind_at",
    "-remind_at,priority,due_date",
    "priority,due_at,title",
]


def random_slip(dice: Random) -> Slip:
    """With few different values, so that there are ties and gaps."""
    return Slip(
        title=dice.choice(["ant", "bee", "cat"]),
        stage=dice.choice(STATUSES[:4]),
        priority=dice.choice(PRIORITIES),
        late=dice.random() < 0.3,
        due=dice.choice([None, date(2027, 3, 30), date(2027, 3, 31)]),
        due_time=dice.choice([None, time(), time(9), time(17)]),
        zone=dice.choice(["UTC", "Europe/Berlin", "Pacific/Kiritimati"]),
        reminders=[(dice.choice([None, later(hours=1), later(hours=2)]), dice.choice([None, 0, 1]))],
        created=later(days=dice.randrange(3)),
        updated=later(days=dice.randrange(3)),
    )


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.mark.parametrize("ordering", [*ORDERINGS, *MIXED])
@pytest.mark.parametrize("paging", [{"page_size": "200"}, {"page_size": "4"}, {"page_size": "4", "cursor": ""}])
def test_ties_are_broken_by_id_and_rows_without_a_value_come_last(
    bo: User, program: Program, shelf: Shelf, walk: Walk, ordering: str, paging: dict[str, str]
) -> None:
    dice = Random(ordering)
    shelf.put([random_slip(dice) for _ in range(30)])
    assert walk(program, "/api/tasks/", ordering=ordering, **paging) == shelf.expected({"ordering": ordering}, by=bo)


@pytest.mark.parametrize("ordering", [*ORDERINGS, *MIXED])
def test_who_walks_by_cursor_meets_each_row_once_while_others_come_and_go(
    program: Program, shelf: Shelf, walk: Walk, ordering: str
) -> None:
    dice = Random(ordering)
    shelf.put([random_slip(dice) for _ in range(24)])
    lasting = {slip.pk for slip in shelf.slips[::2]}
    doomed = [slip.pk for slip in shelf.slips[1::2]]

    def meddle() -> None:
        shelf.add([random_slip(dice) for _ in range(2)] if len(shelf.slips) < 60 else [])
        if doomed:
            Task.objects.filter(pk=doomed.pop(dice.randrange(len(doomed)))).delete()

    seen = walk(program, "/api/tasks/", meddle, ordering=ordering, page_size="3", cursor="")
    assert len(seen) == len(set(seen))
    assert lasting <= set(seen)


@pytest.mark.parametrize("paging", [{}, {"page_size": "3"}, {"page_size": "3", "cursor": ""}])
@pytest.mark.parametrize("name", ["bo", "mia"])
def test_tasks_are_ordered_by_the_names_of_their_projects(
    request: pytest.FixtureRequest, bo: User, as_user: Somebody, walk: Walk, name: str, paging: dict[str, str]
) -> None:
    program = as_user(request.getfixturevalue(name))
    for project in (*(shared_by(bo, name=name) for name in ("Zoo", "attic 10", "Attic 9")), bo.inbox) * 2:
        a_task_in(project, bo)
    places = dict(Task.objects.values_list("pk", "project__name"))
    names = [places[pk] for pk in walk(program, "/api/tasks/", ordering="project", **paging)]
    assert names == [name for name in ("Attic 9", "attic 10", "Inbox", "Zoo") for _ in range(2)]
    assert [places[pk] for pk in walk(program, "/api/tasks/", ordering="-project", **paging)] == names[::-1]


@pytest.mark.parametrize("name", ["due_date", "remind_at"])
def test_the_row_behind_which_a_cursor_stands_may_be_deleted(
    program: Program, shelf: Shelf, walk: Walk, name: str
) -> None:
    dated = {"due": date(2027, 3, 30), "reminders": [(later(hours=1), None)]}
    shelf.put([*(Slip(**dated) for _ in range(3)), *(Slip() for _ in range(3))])  # type: ignore[arg-type]
    rows = [slip.pk for slip in shelf.slips]
    turn = count()

    def delete_the_last_seen() -> None:
        Task.objects.filter(pk__in=rows[next(turn) :][:1]).delete()

    seen = walk(program, "/api/tasks/", delete_the_last_seen, ordering=name, page_size="1", cursor="")
    assert seen == rows


@pytest.mark.parametrize("ordering", ["due_date", "due_at"])
@pytest.mark.parametrize("paging", ["", "&page_size=2", "&page_size=2&cursor="])
def test_due_tasks_come_in_the_order_in_which_they_fall_due(
    program: Program, shelf: Shelf, walk: Walk, ordering: str, paging: str
) -> None:
    day, next_day = date(2027, 3, 31), date(2027, 4, 1)
    slips = {
        "in Tokyo, all day": Slip(due=day, due_time=None, zone="Asia/Tokyo"),  # until 15:00 UTC
        "at 09:00": Slip(due=day, due_time=time(9)),
        "all day": Slip(due=day, due_time=None),
        "at 17:00 in New York": Slip(due=day, due_time=time(17), zone="America/New_York"),  # 21:00 UTC
        "at 17:00": Slip(due=day, due_time=time(17)),
        "at the midnight after": Slip(due=next_day, due_time=time()),
        "some day": Slip(),
    }
    shelf.put([slips[title] for title in sorted(slips)])
    titles = {slip.pk: title for title, slip in slips.items()}
    query = dict(part.split("=") for part in paging.split("&") if part)
    dated = [
        *("at 09:00", "in Tokyo, all day", "at 17:00", "at 17:00 in New York"),
        *("all day", "at the midnight after"),
    ]
    found = walk(program, "/api/tasks/", ordering=ordering, **query)
    assert [titles[pk] for pk in found] == [*dated, "some day"]
    found = walk(program, "/api/tasks/", ordering=f"-{ordering}", **query)
    assert [titles[pk] for pk in found] == [*reversed(dated), "some day"]


def test_an_export_has_the_order_of_the_list(program: Program, shelf: Shelf, walk: Walk) -> None:
    dice = Random(3)
    shelf.put([random_slip(dice) for _ in range(20)])
    for ordering in ("due_date", "-due_at", "title,-due_date"):
        file = program.get(f"/api/tasks/export/?format=json&ordering={ordering}").getvalue()  # type: ignore[attr-defined]
        assert [row["id"] for row in json.loads(file)] == walk(program, "/api/tasks/", ordering=ordering)


def test_priorities_are_ordered_by_rank(program: Program, shelf: Shelf) -> None:
    shelf.put([Slip(priority=name) for name in ("HIGH", "LOW", "URGENT", "MEDIUM")])
    page = program.get("/api/tasks/?ordering=-priority").json()
    assert [task["priority"] for task in page["results"]] == ["URGENT", "HIGH", "MEDIUM", "LOW"]


def test_a_reminder_of_somebody_else_does_not_move_my_rows(
    bo: User, cy: User, as_user: Somebody, shelf: Shelf, walk: Walk
) -> None:
    both: dict[str, Any] = {"creator": 0, "assignee": 1}
    shelf.put(
        [
            Slip(**both, reminders=[(later(hours=5), None), (later(hours=1), 1)]),
            Slip(**both, reminders=[(later(hours=3), None)]),
        ]
    )
    first, second = (slip.pk for slip in shelf.slips)
    assert walk(as_user(bo), "/api/tasks/", ordering="remind_at") == [second, first]
    assert walk(as_user(cy), "/api/tasks/", ordering="remind_at") == [first, second]


def test_naming_a_column_twice_is_naming_it_once(program: Program, shelf: Shelf, walk: Walk) -> None:
    shelf.put([random_slip(Random(7)) for _ in range(9)])
    for name in NAMES:
        once = walk(program, "/api/tasks/", ordering=name, page_size="2", cursor="")
        assert walk(program, "/api/tasks/", ordering=f"{name},-{name}", page_size="2", cursor="") == once


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_a_page_by_cursor_asks_few_questions(
    program: Program, shelf: Shelf, query_budget: Callable[[int], Any], ordering: str
) -> None:
    shelf.put([random_slip(Random(7)) for _ in range(9)])
    path = f"/api/tasks/?ordering={ordering}&page_size=2"
    second = program.get(f"{path}&cursor=").json()["next"].removeprefix("http://localhost")
    lists = 2 if ordering.endswith(("due_date", "due_at", "remind_at")) else 1  # those with a value, then those without
    with query_budget(3 + lists):  # session and person; places in the list; tasks and their reminders
        assert len(program.get(second).json()["results"]) == 2


def test_every_list_can_be_walked_by_cursor(ada: User, as_user: Somebody, shelf: Shelf, walk: Walk) -> None:
    program = as_user(ada)
    for number in range(5):
        assert program.post("/api/tasks/", {"title": f"Task {number}"}).status_code == 201
    for path in ("/api/tasks/", "/api/tasks/logs/", "/api/categories/", "/api/users/"):
        everything = walk(program, path)
        assert len(everything) >= 2
        for size in ("1", "2", "3"):
            assert walk(program, path, page_size=size, cursor="") == everything
            assert walk(program, path, page_size=size) == everything
