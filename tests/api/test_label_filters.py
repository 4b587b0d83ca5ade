"""Tasks are found by the names of their labels, in every place that takes the filters of tasks."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from taskbell.accounts.models import User
from taskbell.search.tasks import listing
from taskbell.tasks.actions import create_tasks, delete_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program, QueryBudget

Somebody = Callable[[User], Program]
LABELLED = {
    "beans": ["Garden", "Straße"],
    "peas": ["Garden", "Urgent"],
    "taxes": ["Urgent", "100 %", "a:b"],
    "nothing": [],
}


@pytest.fixture
def board(bo: User, cy: User) -> dict[str, int]:
    """Bo's tasks with their labels, by title, and one of Cy's that has them all."""
    patches = [TaskPatch(title=title, labels=labels) for title, labels in LABELLED.items()]
    tasks = create_tasks(patches, by=bo, now=NOW)
    create_tasks([TaskPatch(title="hidden", labels=["Garden", "Urgent", "Cy's own"])], by=cy, now=NOW)
    return {task.title: task.pk for task in tasks}


@pytest.fixture(params=["bo", "mia"])
def found(request: pytest.FixtureRequest, board: dict[str, int], as_user: Somebody) -> Callable[[str], list[str]]:
    """The titles that somebody finds, in alphabetical order, without the one that only some see."""
    program = as_user(request.getfixturevalue(request.param))

    def by(query: str) -> list[str]:
        answer = program.get(f"/api/tasks/?{query}")
        assert answer.status_code == 200, answer.content
        titles = sorted(task["title"] for task in answer.json()["results"])
        cursor = sorted(task["title"] for task in program.get(f"/api/tasks/?{query}&cursor=").json()["results"])
        assert titles == cursor
        return [title for title in titles if title != "hidden"]

    return by


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("label=Garden", ["beans", "peas"]),
        (f"label={quote(' gARDEN ')}", ["beans", "peas"]),
        (f"label={quote('Ｇarden')}", ["beans", "peas"]),
        ("label=garden,urgent", ["peas"]),
        ("label=garden,GARDEN", ["beans", "peas"]),
        ("label_any=garden,urgent", ["beans", "peas", "taxes"]),
        ("label=STRASSE", ["beans"]),
        (f"label={quote('100 %')}", ["taxes"]),
        ("label=A:B", ["taxes"]),
        ("label=a%25", []),
        ("label=House", []),
        ("label=Garden,House", []),
        ("label_any=Garden,House", ["beans", "peas"]),
        ("label=Garden&label_any=Urgent,House", ["peas"]),
        ("label=Urgent&status=COMPLETED", []),
        ("label=x%27%20OR%201=1--", []),
    ],
)
def test_names_find_tasks(found: Callable[[str], list[str]], query: str, titles: list[str]) -> None:
    assert found(query) == titles


@pytest.mark.parametrize("query", ["label=", "label=a,,b", "label_any=%20,a", "label=%00", f"label={'x' * 501}"])
def test_what_is_no_name_is_refused(as_user: Somebody, bo: User, query: str) -> None:
    answer = as_user(bo).get(f"/api/tasks/?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, query.split("=")[0])


def test_twenty_names_are_enough(as_user: Somebody, bo: User) -> None:
    program, names = as_user(bo), [f"{n}" for n in range(21)]
    assert program.get(f"/api/tasks/?label={','.join(names[:20])}").status_code == 200
    for name in ("label", "label_any"):
        assert program.get(f"/api/tasks/?{name}={','.join(names)}").status_code == 400


def test_the_same_filters_count_export_and_search_the_trash(
    board: dict[str, int], bo: User, as_user: Somebody, query_budget: QueryBudget
) -> None:
    program = as_user(bo)
    assert program.get("/api/reports/insights/?label=garden").json()["total"] == 2
    exported = b"".join(program.get("/api/tasks/export/?format=csv&label_any=straße,100 %"))  # type: ignore[arg-type]
    assert (b"beans" in exported, b"taxes" in exported, b"peas" in exported) == (True, True, False)
    delete_task(board["peas"], by=bo, now=NOW)
    assert [row["title"] for row in program.get("/api/tasks/trash/?label=garden,urgent").json()["results"]] == ["peas"]
    with query_budget(4):  # session and person, count, tasks, reminders
        program.get("/api/tasks/?label=garden&label_any=garden,urgent")


def test_the_sql_of_a_list_is_the_same_for_all_names(board: dict[str, int], bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    listing.cache_clear()
    for names, count in (("garden,urgent", 1), ("urgent,a:b", 1), ("x,y", 0)):
        assert program.get(f"/api/tasks/?label={names}&page=1").json()["count"] == count
    assert listing.cache_info().currsize == 1
