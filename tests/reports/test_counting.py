"""The counts that are kept are those that counting would give, whatever is written by whomever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from taskbell.accounts.models import User
from taskbell.reports.insights import insights_of, insights_of_everything
from taskbell.reports.project_totals import totals_of, totals_of_everything
from taskbell.search.tasks import matching_tasks, page_of_tasks
from taskbell.tasks.actions import delete_task
from taskbell.tasks.counting import MANY_ROWS, Difference, OpenCount, TaskCount, fold, open_counts, recount
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import NOW, QueryBudget
from tests.reports.deeds import Office
from tests.reports.oracle import counted_by_hand
from tests.services import IS_POSTGRES
from tests.tasks.conftest import a_task

DEEDS = 40


@pytest.mark.parametrize("seed", range(15))
def test_whatever_happens_the_counts_are_those_of_counting(
    ada: User, mia: User, bo: User, cy: User, ivo: User, seed: int
) -> None:
    office, done = Office([ada, mia, bo, cy, ivo], seed), []
    for _ in range(DEEDS):
        done.append(office.act())
        everything = Task.objects.in_use()
        by_hand = counted_by_hand(everything.with_people(), now=office.now)
        assert insights_of_everything(now=office.now) == by_hand, done
        assert totals_of_everything() == totals_of(everything.filter(deleted_at=None), to=mia), done
    for person in office.people:
        mine = Task.objects.visible_to(person)
        assert insights_of(mine, now=office.now) == counted_by_hand(mine.with_people(), now=office.now)
    assert recount() == []


def test_the_triggers_have_outlived_all_migrations(db: None) -> None:
    """One that makes the table anew on SQLite takes them away; a migration like `0015_counting` brings them back."""
    ours = "'keep_count_insert', 'keep_count_update', 'keep_count_delete'"
    where = f"pg_trigger WHERE tgname IN ({ours})" if IS_POSTGRES else f"sqlite_master WHERE name IN ({ours})"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {where}")
        assert cursor.fetchone() == (3,)


@pytest.mark.parametrize("seed", range(8))
def test_every_list_of_everybodys_tasks_knows_its_length(
    ada: User, mia: User, bo: User, cy: User, ivo: User, seed: int
) -> None:
    office = Office([ada, mia, bo, cy, ivo], seed)
    days = [str(office.now.date() + timedelta(days=number)) for number in (-40, *range(-2, 6), 40)]
    asked = {
        "status": ["OVERDUE", "PENDING", "PENDING,OVERDUE", "COMPLETED,IN_PROGRESS", "OVERDUE,ARCHIVED"],
        "stage": ["PENDING,IN_PROGRESS", "COMPLETED"],
        "priority": ["LOW", "HIGH,URGENT"],
        "category": ["none", str(office.category), f"none,{office.category}", f"7,{office.category}"],
        "has_due": ["true", "false"],
        "completed": ["true", "false"],
        **{f"due_date{end}": days for end in ("", "_gte", "_gt", "_lte", "_lt")},
    }
    for _ in range(DEEDS):
        done = office.act()
        office.archive()
        for _ in range(5):
            names = office.random.sample(sorted(asked), office.random.randrange(4))
            filters = {name: office.random.choice(asked[name]) for name in names}
            page = page_of_tasks(filters | {"page_size": "200"}, ada)
            found = list(matching_tasks(filters, ada).order_by("-pk").values_list("pk", flat=True))
            assert (page.count, page.rows) == (len(found), found), (done, filters)


def test_each_project_knows_how_many_of_its_tasks_are_open_and_overdue(
    bo: User, cy: User, query_budget: QueryBudget
) -> None:
    late, early = (a_task(bo, due_date=NOW.date() + timedelta(days=number)) for number in (-1, 1))
    a_task(bo, stage=Stage.COMPLETED)
    mark_overdue(NOW + timedelta(hours=1))
    mine, theirs = bo.inbox.pk, cy.inbox.pk
    for then in (lambda: None, fold, lambda: delete_task(early.pk, by=bo, now=NOW)):
        with query_budget(1):
            assert open_counts([mine, theirs]) == {mine: OpenCount(2, 1), theirs: OpenCount()}
        then()
    assert open_counts([mine]) == {mine: OpenCount(1, 1)}
    Task.objects.filter(pk=late.pk).update(project=theirs)
    assert open_counts([mine, theirs]) == {mine: OpenCount(), theirs: OpenCount(1, 1)}


def test_a_recount_finds_and_corrects_lost_counts(bo: User, cy: User) -> None:
    a_task(bo, priority=Priority.HIGH, assigned_to_id=cy.pk)
    TaskCount.objects.all().delete()
    TaskCount.objects.create(section="due", stage=Stage.ARCHIVED, is_overdue=False, priority=1, n=7)
    assert recount() == [
        Difference("assigned", f"{cy.pk}", 1),
        Difference("category", "PENDING, False, 3, None", 1),
        Difference("created", f"{bo.pk}", 1),
        Difference("due", "ARCHIVED, False, 1, None", -7),
        Difference("due", "PENDING, False, 3, None", 1),
        Difference("project", f"PENDING, False, {bo.inbox.pk}", 1),
    ]
    assert recount() == []
    assert insights_of_everything(now=NOW) == counted_by_hand(Task.objects.with_people(), now=NOW)


def test_folding_leaves_one_row_for_each_count_and_changes_none(bo: User, cy: User) -> None:
    tasks = [a_task(bo, assigned_to_id=cy.pk) for _ in range(5)]
    delete_task(tasks[0].pk, by=bo, now=NOW)
    before = insights_of_everything(now=NOW)
    for _ in range(2):
        fold()
        assert sorted(TaskCount.objects.values_list("section", "stage", "assigned_to", "created_by", "n")) == [
            ("assigned", None, cy.pk, None, 4),
            ("category", "PENDING", None, None, 4),
            ("created", None, None, bo.pk, 4),
            ("due", "PENDING", None, None, 4),
            ("project", "PENDING", None, None, 4),
        ]
    assert insights_of_everything(now=NOW) == before
    for task in tasks:
        Task.objects.filter(pk=task.pk).delete()
    fold()
    assert not TaskCount.objects.exists(), "of what is no longer there, no row is left"


def test_a_change_that_moves_no_count_writes_none(bo: User) -> None:
    task = a_task(bo)
    rows = TaskCount.objects.count()
    task.title = "Water all plants"
    task.write(NOW)
    assert TaskCount.objects.count() == rows


@pytest.mark.skipif(not IS_POSTGRES, reason="SQLite's triggers see one row at a time")
@pytest.mark.parametrize(("tasks", "created", "changed"), [(MANY_ROWS, 1, 2), (MANY_ROWS + 1, 5, 4)])
def test_many_tasks_in_one_statement_add_a_row_for_each_count(
    bo: User, cy: User, tasks: int, created: int, changed: int
) -> None:
    before = TaskCount.objects.count()
    moments = {"project": bo.inbox, "created_at": NOW, "updated_at": NOW, "timezone": "UTC"}
    Task.objects.bulk_create(Task(title="x", created_by=bo, assigned_to_id=cy.pk, **moments) for _ in range(tasks))
    Task.objects.update(priority=Priority.LOW)
    assert TaskCount.objects.count() - before == created + changed
    assert recount() == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE tasks_task CASCADE")
    assert not TaskCount.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_writers_folds_and_recounts_at_once_lose_nothing(bo: User, cy: User, mia: User) -> None:
    def writing(by: User) -> None:
        for number in range(15):
            task = a_task(by, assigned_to_id=mia.pk)
            if number % 3 == 0:
                delete_task(task.pk, by=by, now=NOW)

    def repeated(deed: Callable[[], Any]) -> Callable[[], list[Any]]:
        return lambda: [difference for _ in range(10) for difference in deed() or []]

    def alone(deed: Callable[[], Any]) -> Any:
        try:
            return deed()
        finally:
            connection.close()

    deeds = [lambda: writing(bo), lambda: writing(cy), repeated(fold), repeated(fold), repeated(recount)]
    with ThreadPoolExecutor(len(deeds)) as pool:
        outcomes = list(pool.map(alone, deeds))
    assert outcomes[-1] == [], "one moment is counted, so nobody's writing looks like a difference"
    assert recount() == []
    assert insights_of_everything(now=NOW) == counted_by_hand(Task.objects.with_people(), now=NOW)
