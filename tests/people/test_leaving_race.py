"""Somebody leaves while others give them work: no open task ends up with a person who is gone."""

import io
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from threading import Event
from typing import Any

import pytest
from django.db import connections, transaction

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.people.leaving import deactivate_person
from taskbell.tasks.actions import create_task, delete_task, restore_task, update_task
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer.importing import import_tasks
from taskbell.transfer.table import csv_rows
from tests.conftest import NOW
from tests.tasks.conftest import a_task

pytestmark = pytest.mark.django_db(transaction=True)
OVERLAP_SECONDS = 0.3  # while the first transaction is open and the second has begun
Act = Callable[[], Any]


@dataclass
class Work:
    """Bo, who gives work to Cy, with a task in each state from which it can become Cy's open task."""

    bo: User
    cy: User

    def __post_init__(self) -> None:
        self.free = a_task(self.bo)
        self.done = a_task(self.bo, assigned_to_id=self.cy.pk, stage=Stage.COMPLETED)
        self.trashed = a_task(self.bo, assigned_to_id=self.cy.pk)
        delete_task(self.trashed.pk, by=self.bo, now=NOW)
        rule = {"recurrence": "FREQ=DAILY", "due_date": date(2027, 1, 1)}
        self.series = a_task(self.bo, assigned_to_id=self.cy.pk, **rule)
        self.finished = a_task(self.bo, assigned_to_id=self.cy.pk, **rule)
        self._change(self.finished, stage=Stage.COMPLETED)
        self._change(self.finished, stage=Stage.PENDING)  # its next occurrence is in the trash

    def _change(self, task: Task, **fields: Any) -> None:
        update_task(task.pk, TaskPatch(**fields), by=self.bo, now=NOW)

    def create(self) -> None:
        create_task(TaskPatch(title="Sow", assigned_to_id=self.cy.pk), by=self.bo, now=NOW)

    def assign(self) -> None:
        self._change(self.free, assigned_to_id=self.cy.pk)

    def assign_in_bulk(self) -> None:
        patch = TaskPatch(title="Sow", assigned_to_id=self.cy.pk)
        change_many(Batch([patch], [(self.free.pk, patch, None)], []), by=self.bo, now=NOW)

    def bring_in(self) -> None:
        import_tasks(csv_rows(io.BytesIO(b"title,assigned_to\nSow,cy\n")), by=self.bo, now=NOW)

    def reopen(self) -> None:
        self._change(self.done, stage=Stage.PENDING)

    def restore(self) -> None:
        restore_task(self.trashed.pk, by=self.bo, now=NOW)

    def complete(self) -> None:
        self._change(self.series, stage=Stage.COMPLETED)

    def complete_again(self) -> None:
        self._change(self.finished, stage=Stage.COMPLETED)


WAYS = ["create", "assign", "assign_in_bulk", "bring_in", "reopen", "restore", "complete", "complete_again"]


@pytest.fixture
def work(bo: User, cy: User) -> Work:
    """Bo and Cy with their tasks."""
    return Work(bo, cy)


def one_within_the_other(first: Act, second: Act) -> None:
    """Begins the second while the transaction of the first is open. Either may be refused, and nothing else."""
    is_open = Event()

    def hold_open() -> None:
        with transaction.atomic():
            first()
            is_open.set()
            time.sleep(OVERLAP_SECONDS)

    def begin() -> None:
        assert is_open.wait(10)
        second()

    run(hold_open, begin)


def run(*acts: Act) -> None:
    def alone(act: Act) -> None:
        try:
            act()
        except Refusal:
            pass
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(alone, acts))


def assert_nobody_is_left_behind(cy: User) -> None:
    assert not User.objects.get(pk=cy.pk).is_active
    assert not Task.objects.open().filter(assigned_to=cy).exists()


@pytest.mark.parametrize("way", WAYS)
def test_work_given_just_before_somebody_leaves_is_handed_on(ada: User, work: Work, way: str) -> None:
    one_within_the_other(getattr(work, way), lambda: deactivate_person(work.cy, hand_to=None, by=ada, now=NOW))
    assert_nobody_is_left_behind(work.cy)


@pytest.mark.parametrize("way", WAYS)
def test_no_work_is_given_to_somebody_who_is_leaving(ada: User, work: Work, way: str) -> None:
    one_within_the_other(lambda: deactivate_person(work.cy, hand_to=None, by=ada, now=NOW), getattr(work, way))
    assert_nobody_is_left_behind(work.cy)


def test_in_a_storm_nobody_waits_in_a_circle_and_nothing_is_left_behind(ada: User, work: Work) -> None:
    def give_work(seed: int) -> None:
        ways = random.Random(seed).choices(WAYS, k=8)
        for way in ways:
            try:
                getattr(work, way)()
            except Refusal:
                continue

    def leave() -> None:
        time.sleep(OVERLAP_SECONDS)
        deactivate_person(work.cy, hand_to=work.bo.pk, by=ada, now=NOW)

    run(leave, *(lambda seed=seed: give_work(seed) for seed in range(4)))
    assert_nobody_is_left_behind(work.cy)


@pytest.mark.parametrize("way", ["reopen", "restore", "complete_again"])
def test_a_task_that_opens_after_its_assignee_has_left_goes_back_to_its_creator(
    ada: User, work: Work, way: str
) -> None:
    deactivate_person(work.cy, hand_to=None, by=ada, now=NOW)
    before = set(Task.objects.open().values_list("pk", flat=True))
    getattr(work, way)()
    (opened,) = Task.objects.open().exclude(pk__in=before)
    assert opened.assigned_to == work.bo
