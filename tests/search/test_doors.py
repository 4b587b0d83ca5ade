"""Lists are searched without a request: a plain mapping comes in, a page of rows goes out."""

import pytest

from taskbell.accounts.models import User
from taskbell.common.errors import Invalid
from taskbell.payloads.tasks import tasks_as_json
from taskbell.search.keyset import Key
from taskbell.search.pages import page_of_rows
from taskbell.search.people import page_of_people
from taskbell.search.tasks import matching_tasks, ordered_tasks, page_of_tasks
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Category, Task
from tests.tasks.conftest import a_task


@pytest.fixture
def tasks(bo: User, cy: User) -> list[Task]:
    """Three of Bo's, of which one is urgent; and one of Cy's."""
    ours = [a_task(bo, title, priority=Priority.LOW) for title in ("Sow", "Water")]
    a_task(cy, "Cy's own")
    return [*ours, a_task(bo, "Harvest", priority=Priority.URGENT)]


def test_pages_by_number_name_the_pages_beside_them(bo: User, tasks: list[Task]) -> None:
    sow, water, harvest = (task.pk for task in tasks)
    first = page_of_tasks({"page_size": "1"}, bo)
    assert (first.rows, first.parameter, first.count) == ([harvest], "page", 3)
    assert (first.previous, first.next) == (None, "2")
    second = page_of_tasks({"page_size": "1", "page": "2"}, bo)
    assert (second.rows, second.previous, second.next) == ([water], "1", "3")
    assert page_of_tasks({"page_size": "1", "page": "3"}, bo).next is None
    assert [task["title"] for task in tasks_as_json([sow, harvest], bo)] == ["Sow", "Harvest"]


def test_pages_by_cursor_follow_one_another(bo: User, tasks: list[Task]) -> None:
    asked, found = {"ordering": "priority", "page_size": "2", "cursor": ""}, []
    while True:
        page = page_of_tasks(asked, bo)
        assert (page.parameter, page.count, page.previous) == ("cursor", None, None)
        found += page.rows
        if page.next is None:
            break
        asked["cursor"] = page.next
    assert found == [task.pk for task in tasks]
    assert page_of_tasks({"page_size": "3", "cursor": ""}, bo).next is None, "nothing follows a page that fits exactly"


def test_a_file_has_all_that_match(bo: User, tasks: list[Task]) -> None:
    assert list(ordered_tasks({"priority": "LOW", "ordering": "-title"}, bo)) == [tasks[1], tasks[0]]
    assert set(matching_tasks({"q": "s"}, bo)) == {tasks[0], tasks[2]}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"nonsense": "1"}, ["nonsense"]),
        ({"priority": "high", "due_date": "soon"}, ["priority", "due_date"]),
        ({"ordering": "colour"}, ["ordering"]),
        ({"page": "0"}, ["page"]),
        ({"cursor": "mine"}, ["cursor"]),
    ],
)
def test_what_cannot_be_read_is_named(bo: User, parameters: dict[str, str], named: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        page_of_tasks(parameters, bo)
    assert [error.field for error in refused.value.errors] == named
    assert all(error.message.startswith(("Must ", "There is no parameter")) for error in refused.value.errors), (
        refused.value.errors
    )


def test_files_are_not_asked_for_by_the_page(bo: User) -> None:
    for search in (ordered_tasks, matching_tasks):
        with pytest.raises(Invalid, match="no parameter 'page'"):
            search({"page": "1"}, bo)


def test_other_lists_are_searched_alike(bo: User, cy: User) -> None:
    assert page_of_people({"q": "cy"}, bo).rows == [cy]
    assert page_of_rows(Category.objects.all(), {}, bo, keys=[Key("key")]).count == 0
    with pytest.raises(Invalid):
        page_of_rows(Category.objects.all(), {"q": "x"}, bo, keys=[Key("key")])
