"""The links between tasks never form a cycle, even if several people link them at the same time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.common.errors import Invalid
from taskbell.tasks.actions import update_task
from taskbell.tasks.models import Prerequisite
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.tasks.conftest import a_task
from tests.undoing import undone

SIZE = 7
NUMBERS = st.integers(0, SIZE - 1)
ATTEMPTS = st.lists(st.tuples(NUMBERS, st.sets(NUMBERS, max_size=3)), max_size=25)
Graph = dict[int, set[int]]


def has_circle(graph: Graph) -> bool:
    """Takes away what waits for nothing, again and again; what is left goes round (Kahn 1962)."""
    left = {task: set(needs) for task, needs in graph.items()}
    while free := {task for task, needs in left.items() if not needs}:
        left = {task: needs - free for task, needs in left.items() if task not in free}
    return bool(left)


def links(wanted: int, needs: set[int], numbers: list[int], by: User) -> bool:
    """Whether the task was let wait for exactly these."""
    try:
        update_task(numbers[wanted], TaskPatch(pre_tasks=[numbers[n] for n in needs]), by=by, now=NOW)
    except Invalid as refusal:
        check_way(refusal, wanted, needs, numbers)
        return False
    return True


def check_way(refusal: Invalid, wanted: int, needs: set[int], numbers: list[int]) -> None:
    """The way that is named begins and ends at the task, and each step of it is a link or would be one."""
    assert refusal.errors[0].code == "circle"
    said = refusal.detail
    way = [numbers.index(int(word)) for word in said.removesuffix(".").rpartition(": ")[2].split(" → ")]
    assert way[0] == way[-1] == wanted
    assert way[1] in needs
    for task, need in pairwise(way[1:]):
        assert Prerequisite.objects.filter(task=numbers[task], needs=numbers[need]).exists()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(attempts=ATTEMPTS)
def test_a_link_is_refused_exactly_if_it_would_close_a_circle(bo: User, attempts: list[tuple[int, set[int]]]) -> None:
    with undone():
        numbers = [a_task(bo).pk for _ in range(SIZE)]
        graph: Graph = {number: set() for number in range(SIZE)}
        for wanted, needs in attempts:
            attempt = graph | {wanted: needs}
            assert links(wanted, needs, numbers, bo) is not has_circle(attempt)
            graph = graph if has_circle(attempt) else attempt
        found = {(link.task_id, link.needs_id) for link in Prerequisite.objects.all()}
        assert found == {(numbers[task], numbers[need]) for task, needs in graph.items() for need in needs}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [2, 5])
def test_of_those_who_would_close_a_circle_together_exactly_one_fails(
    request: pytest.FixtureRequest, size: int
) -> None:
    bo = request.getfixturevalue("bo")
    numbers = [a_task(bo).pk for _ in range(size)]
    together = Barrier(size)

    def link(number: int) -> bool:
        together.wait()
        try:
            return links(number, {(number + 1) % size}, numbers, bo)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(size) as pool:
        linked = list(pool.map(link, range(size)))
    assert linked.count(False) == 1
    assert Prerequisite.objects.count() == size - 1
