"""Work on very many tasks is many transactions: others write in between, and a repetition finishes what was cut off."""

from collections.abc import Callable

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common import locks
from taskbell.common.errors import Invalid
from taskbell.notifications.models import Notification
from taskbell.people import leaving
from taskbell.people.leaving import deactivate_person
from taskbell.tasks import categories
from taskbell.tasks.categories import create_category, delete_category
from taskbell.tasks.models import Category, Task
from tests.conftest import NOW, QueryBudget
from tests.tasks.conftest import a_task


class Cut(Exception):
    """The power fails."""


def many(by: User, number: int, **values: object) -> list[Task]:
    """So many tasks, without their history."""
    plain = {"timezone": "UTC", "created_by": by, "project": by.inbox, "created_at": NOW, "updated_at": NOW} | values
    return Task.objects.bulk_create(Task(title=f"Task {n}", **plain) for n in range(number))


def in_between(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], object]) -> list[int]:
    """Runs it wherever others may write, with the number of times it has run."""
    times: list[int] = []

    def let_others_write() -> None:
        times.append(len(times))
        act(times[-1])

    monkeypatch.setattr(locks, "let_others_write", let_others_write)
    return times


def test_the_tasks_of_a_category_move_some_at_a_time_with_those_that_join_meanwhile(
    bo: User, cy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (create_category(name, by=bo, now=NOW) for name in ("Old", "New"))
    many(bo, 25, category=old)
    monkeypatch.setattr(categories, "TASKS_AT_ONCE", 10)
    times = in_between(monkeypatch, lambda _: a_task(cy, category_id=old.pk))
    delete_category(old.pk, move_to=new.pk, by=bo, now=NOW)
    assert len(times) == 2
    assert Task.objects.filter(category=new).count() == 27
    assert Activity.objects.filter(field="category", old_value=old.pk, new_value=new.pk).count() == 27
    assert not Category.objects.filter(pk=old.pk).exists()


def test_a_move_that_was_cut_off_goes_on_when_it_is_repeated(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise Cut

    old, new = (create_category(name, by=bo, now=NOW) for name in ("Old", "New"))
    many(bo, 25, category=old)
    monkeypatch.setattr(categories, "TASKS_AT_ONCE", 10)
    in_between(monkeypatch, fail)
    with pytest.raises(Cut):
        delete_category(old.pk, move_to=new.pk, by=bo, now=NOW)
    assert Task.objects.filter(category=old).count() == 15
    in_between(monkeypatch, lambda _: None)
    delete_category(old.pk, move_to=new.pk, by=bo, now=NOW)
    assert Activity.objects.filter(field="category").count() == 25


def test_somebody_who_leaves_hands_over_some_tasks_at_a_time_and_the_last_while_leaving(
    ada: User, bo: User, cy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(bo, 20, assigned_to=cy)
    many(cy, 5, assigned_to=cy)
    monkeypatch.setattr(leaving, "TASKS_AT_ONCE", 10)
    active = []

    def act(_: int) -> None:
        active.append(User.objects.get(pk=cy.pk).is_active)
        a_task(bo, assigned_to_id=cy.pk)

    in_between(monkeypatch, act)
    deactivate_person(cy, hand_to=None, by=ada, now=NOW)
    assert active == [True, True]
    assert not Task.objects.filter(assigned_to=cy).exists()
    assert Task.objects.filter(assigned_to=bo).count() == 22
    assert Task.objects.filter(assigned_to=None, created_by=cy).count() == 5
    assert Notification.objects.filter(kind="task_assigned", recipient=bo).count() == 22
    assert not User.objects.get(pk=cy.pk).is_active


def test_nobody_hands_over_to_themselves(ada: User, bo: User, cy: User, monkeypatch: pytest.MonkeyPatch) -> None:
    many(bo, 20, assigned_to=cy)
    monkeypatch.setattr(leaving, "TASKS_AT_ONCE", 10)
    with pytest.raises(Invalid, match="There is no other active person with this id"):
        deactivate_person(cy, hand_to=cy.pk, by=ada, now=NOW)
    assert Task.objects.filter(assigned_to=cy).count() == 20


def test_leaving_costs_as_many_statements_whether_a_few_tasks_are_handed_over_or_hundreds(
    ada: User, bo: User, cy: User, mia: User, query_budget: QueryBudget
) -> None:
    many(bo, 400, assigned_to=cy)
    with query_budget(30):
        deactivate_person(cy, hand_to=mia.pk, by=ada, now=NOW)
    assert Task.objects.filter(assigned_to=mia).count() == 400
