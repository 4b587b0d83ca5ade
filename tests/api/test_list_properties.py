"""Any tasks, any filters, any order, any page size: the list is what plain Python says."""

from collections.abc import Callable
from datetime import date, time
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from tests.api.shelf import BEGIN, PRIORITIES, STATUSES, Shelf, Slip, later
from tests.conftest import Program
from tests.services import examples

BUDGET = settings(
    max_examples=examples(40),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
DAYS = [date(2027, 3, 30), date(2027, 3, 31), date(2027, 4, 1)]
MOMENTS = [BEGIN, later(microseconds=1), later(seconds=1), later(hours=1), later(days=1)]
WORDS = ["", "soil", "50 % off", "snake_case", 'a "quoted" word', "it's", "back\\slash", "Übung", "ÜBUNG", "水やり"]
ORDERINGS = ["id", "title", "priority", "status", "due_date", "due_at", "remind_at", "created_at", "updated_at"]
RANGES = [
    f"{name}{end}"
    for name in ("due_at", "remind_at", "created_at", "completed_at")
    for end in ("_gte", "_gt", "_lte", "_lt")
]

slips = st.builds(
    Slip,
    title=st.sampled_from(["ant", "bee", "cat"]),
    description=st.sampled_from(WORDS),
    stage=st.sampled_from(STATUSES[:4]),
    priority=st.sampled_from(PRIORITIES),
    late=st.booleans(),
    due=st.none() | st.sampled_from(DAYS),
    due_time=st.sampled_from([None, time(), time(9)]),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "Etc/GMT+12"]),
    completed=st.none() | st.sampled_from(MOMENTS),
    category=st.none() | st.integers(0, 1),
    creator=st.integers(0, 1),
    assignee=st.none() | st.integers(0, 1),
    reminders=st.lists(st.tuples(st.none() | st.sampled_from(MOMENTS), st.none() | st.integers(0, 1)), max_size=2),
    created=st.sampled_from(MOMENTS),
    updated=st.sampled_from(MOMENTS),
    deleted=st.sampled_from([False, False, False, True]),
)


def several(names: Any) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=3).map(",".join)


def orderings() -> st.SearchStrategy[str]:
    words = st.tuples(st.sampled_from(["", "-"]), st.sampled_from(ORDERINGS)).map("".join)
    return st.lists(words, min_size=1, max_size=3, unique_by=lambda word: word.lstrip("-")).map(",".join)


@st.composite
def shelves(draw: st.DrawFn) -> list[Slip]:
    """Slips of which the later ones may wait for earlier ones."""
    drawn = draw(st.lists(slips, max_size=12))
    for place, slip in enumerate(drawn[1:], start=1):
        slip.needs = draw(st.frozensets(st.integers(0, place - 1), max_size=2))
    return drawn


def queries(shelf: Shelf) -> st.SearchStrategy[dict[str, str]]:
    people = ["me", "none", *(str(person.pk) for person in shelf.people)]
    days = st.sampled_from([day.isoformat() for day in DAYS])
    truth = st.sampled_from(["true", "false"])
    return st.fixed_dictionaries(
        {},
        optional={
            "priority": several(PRIORITIES),
            "status": several(STATUSES),
            "stage": several(STATUSES[:4]),
            **dict.fromkeys(["due_date", "due_date_gte", "due_date_gt", "due_date_lte", "due_date_lt"], days),
            "has_due": truth,
            **dict.fromkeys(RANGES, st.sampled_from(MOMENTS).map(lambda moment: moment.isoformat())),
            "category": several(["none", *(str(category.pk) for category in shelf.categories)]),
            "assigned_to": several(people),
            "created_by": several(people),
            "blocked": truth,
            "completed": truth,
            "updated_since": st.sampled_from(MOMENTS).map(lambda moment: moment.isoformat()),
            "q": st.sampled_from([*WORDS, "%", "_", "\\", '"', "'", "ü", "BE", " soil "]),
            "ordering": orderings(),
        },
    )


def a_few_of(query: dict[str, str]) -> st.SearchStrategy[dict[str, str]]:
    """So few parameters that some rows are left."""
    some = st.lists(st.sampled_from(sorted(query)), max_size=3, unique=True) if query else st.just([])
    return some.map(lambda names: {name: query[name] for name in names})


@pytest.mark.parametrize("name", ["bo", "mia"])
def test_the_list_is_what_plain_python_says(
    request: pytest.FixtureRequest,
    as_user: Callable[[User], Program],
    shelf: Shelf,
    walk: Callable[..., list[int]],
    name: str,
) -> None:
    person: User = request.getfixturevalue(name)
    program = as_user(person)

    @BUDGET
    @given(shelves(), st.data())
    def check(drawn: list[Slip], data: st.DataObject) -> None:
        shelf.put(drawn)
        for _ in range(3):
            query = data.draw(queries(shelf).flatmap(a_few_of), label="query")
            expected = shelf.expected(query, by=person)
            answer = program.get(f"/api/tasks/?{urlencode(query)}").json()
            assert [task["id"] for task in answer["results"]] == expected
            assert answer["count"] == len(expected)
            size = data.draw(st.integers(1, 4).map(str), label="page_size")
            assert walk(program, "/api/tasks/", page_size=size, **query) == expected
            assert walk(program, "/api/tasks/", page_size=size, cursor="", **query) == expected

    check()
