"""The history has a table for each month on PostgreSQL; a setting says for how many months it is kept."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.activity.actions import record
from taskbell.activity.models import Activity, Subject, SubjectType
from taskbell.activity.months import RANGE, keep_months, start_of_month
from taskbell.activity.queries import current_checkpoint, entries_after
from taskbell.common.clock import utc_now
from taskbell.common.sql import execute, fetch
from taskbell.feed.cursors import resumable_position
from taskbell.projects.audience import access_of
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
Somebody = Callable[[User], Program]
IS_POSTGRES = connection.vendor == "postgresql"
on_postgresql = pytest.mark.skipif(not IS_POSTGRES, reason="SQLite has one table")
NOVEMBER, DECEMBER, JANUARY = NOW, NOW + timedelta(days=30), NOW + timedelta(days=61)
NEXT_AUTUMN = NOW + timedelta(days=330)
PARTS = "SELECT DISTINCT tableoid::regclass::text FROM activity_activity"


@pytest.fixture(autouse=True)
def _one_table_again() -> Iterator[None]:
    """Later tests begin as they would have without these."""
    yield
    if IS_POSTGRES:
        call_command("flush", interactive=False, verbosity=0)
        call_command("migrate", "activity", "0008", verbosity=0)
        execute("SELECT setval('activity_activity_id_seq', 1, false)")
        call_command("migrate", "activity", verbosity=0)


def happens(at: datetime, what: str = "tested") -> int:
    record(Subject(SubjectType.REPORT, 1), what, by=None, at=at)
    return Activity.objects.latest("pk").pk


def actions() -> list[str]:
    return list(Activity.objects.values_list("action", flat=True))


@on_postgresql
def test_each_month_has_a_table_of_its_own_and_lists_go_on_over_all_of_them() -> None:
    for month in (NOVEMBER, DECEMBER, JANUARY):
        keep_months(month)
        happens(month, f"first of {month:%B}")
        keep_months(month + timedelta(days=1))
        happens(month + timedelta(days=1), f"second of {month:%B}")
    assert actions() == [
        f"{which} of {name}" for name in ("January", "December", "November") for which in ("second", "first")
    ]
    assert len(fetch(PARTS)) == 3
    assert [row.entry.action for row in entries_after(0, 9)] == actions()[::-1]


@on_postgresql
def test_a_month_in_which_nothing_happens_needs_no_table() -> None:
    last = happens(NOVEMBER)
    for month in range(12):
        keep_months(DECEMBER + timedelta(days=30 * month))
    assert happens(NEXT_AUTUMN) // RANGE == last // RANGE + 1


@on_postgresql
def test_the_newest_page_and_one_entry_read_one_table_alone() -> None:
    for month in (NOVEMBER, DECEMBER, JANUARY):
        keep_months(month)
        for _ in range(60):
            last = happens(month)
    plan = Activity.objects.order_by("-pk")[:50].explain(analyze=True)
    assert plan.count("never executed") == 2, plan
    plan = Activity.objects.filter(pk=last).explain()
    assert plan.count("Scan") == 1, plan


@on_postgresql
def test_no_table_of_the_history_can_be_rewritten() -> None:
    happens(NOVEMBER)
    keep_months(DECEMBER)
    happens(DECEMBER)
    for (table,) in fetch(PARTS):
        for statement in (f"UPDATE {table} SET action = 'nothing'", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                execute(statement)
    assert len(actions()) == 2


@on_postgresql
def test_people_write_while_a_month_begins_and_followers_meet_every_entry() -> None:
    happens(NOVEMBER)
    over = Event()
    written: list[int] = [0] * 4

    def write(number: int) -> None:
        while not over.is_set():
            record(Subject(SubjectType.REPORT, number), "tested", by=None, at=DECEMBER)
            written[number] += 1
        connection.close()

    writers = [Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    keep_months(DECEMBER)
    before = sum(written)
    eventually(lambda: sum(written) >= before + 50, within=20)
    over.set()
    for writer in writers:
        writer.join()
    met = [row.entry_id for row in entries_after(0, sum(written) + 2)]
    assert sorted(met) == sorted(set(met)) == list(Activity.objects.order_by("pk").values_list("pk", flat=True))
    assert len(met) == sum(written) + 1
    assert len(fetch(PARTS)) == 2


@on_postgresql
def test_a_long_reader_is_not_disturbed_and_the_month_is_removed_later(settings: Any) -> None:
    settings.TASKBELL_HISTORY_MONTHS = 1
    happens(NOVEMBER)
    reads, may_end = Event(), Event()

    def read() -> None:
        with transaction.atomic():
            actions()
            reads.set()
            assert may_end.wait(30)
        connection.close()

    reader = Thread(target=read)
    reader.start()
    assert reads.wait(10)
    keep_months(NEXT_AUTUMN)
    assert actions() == ["tested"]
    may_end.set()
    reader.join()
    keep_months(NEXT_AUTUMN)
    assert actions() == []


def test_the_history_is_kept_forever_unless_a_setting_says_otherwise() -> None:
    happens(NOVEMBER)
    keep_months(NOW + timedelta(days=365 * 50))
    assert actions() == ["tested"]


def test_the_setting_removes_months_and_the_others_stay(settings: Any) -> None:
    settings.TASKBELL_HISTORY_MONTHS = 1
    for month in (NOVEMBER, DECEMBER, JANUARY):
        keep_months(month)
        happens(month, f"{month:%B}")
    assert actions() == ["January", "December"]
    assert [row.entry.action for row in entries_after(0, 9)] == ["December", "January"]
    keep_months(start_of_month(JANUARY, back=-1) - timedelta(seconds=1))
    assert actions() == ["January", "December"]
    keep_months(start_of_month(JANUARY, back=-1))
    assert actions() == ["January"]


def test_entries_that_are_kept_still_can_not_be_removed(settings: Any) -> None:
    settings.TASKBELL_HISTORY_MONTHS = 1
    happens(NOVEMBER)
    keep_months(JANUARY)
    happens(JANUARY)
    keep_months(JANUARY)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute("DELETE FROM activity_activity WHERE action = 'tested'")


def test_the_end_of_the_history_does_not_go_back_where_all_is_old(settings: Any) -> None:
    settings.TASKBELL_HISTORY_MONTHS = 1
    for _ in range(3):
        happens(NOVEMBER)
    end = current_checkpoint().position
    keep_months(NEXT_AUTUMN)
    assert current_checkpoint().position == end
    happens(NEXT_AUTUMN, "later")
    assert current_checkpoint().position > end
    assert actions()[0] == "later"


def test_a_client_that_was_away_for_longer_starts_over_and_others_go_on(
    settings: Any, bo: User, as_user: Somebody
) -> None:
    settings.TASKBELL_HISTORY_MONTHS = 1
    program = as_user(bo)

    def sync(since: str = "") -> Any:
        return program.get(f"/api/changes/?since={since}").json()

    now = utc_now()  # when Bo came
    later = start_of_month(now, back=-2)
    create_task(TaskPatch(title="Water the plants"), by=bo, now=now)
    old = sync(sync()["cursor"])["cursor"]
    create_task(TaskPatch(title="Order soil"), by=bo, now=now)
    keep_months(later)
    create_task(TaskPatch(title="Fill the can"), by=bo, now=later)
    recent = sync(sync()["cursor"])["cursor"]
    create_task(TaskPatch(title="Buy pots"), by=bo, now=later)
    keep_months(later)
    assert sync(old)["resync"] is True
    assert resumable_position(old, access_of(bo)) is None
    assert [change["task"]["title"] for change in sync(recent)["changes"]] == ["Buy pots"]
    assert resumable_position(recent, access_of(bo)) is not None


@given(st.datetimes(min_value=NOW.replace(year=1990, tzinfo=None), timezones=st.just(UTC)), st.integers(0, 240))
def test_a_month_begins_on_its_first_day(now: datetime, back: int) -> None:
    begin = start_of_month(now, back=back)
    assert (begin.day, begin.hour, begin.minute, begin.second, begin.microsecond) == (1, 0, 0, 0, 0)
    assert (now.year - begin.year) * 12 + now.month - begin.month == back
    assert begin <= now


def test_the_way_back_and_forth_keeps_every_entry_and_gives_no_id_twice() -> None:
    happens(NOVEMBER, "first")
    keep_months(DECEMBER)
    last = happens(DECEMBER, "second")
    call_command("migrate", "activity", "0008", verbosity=0)
    try:
        execute("INSERT INTO activity_activity (action, field, timestamp) VALUES ('third', '', %s)", [DECEMBER])
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            execute("DELETE FROM activity_activity")
    finally:
        call_command("migrate", "activity", verbosity=0)
    assert happens(JANUARY, "fourth") > last
    assert actions() == ["fourth", "third", "second", "first"]
    assert [row.entry.action for row in entries_after(0, 9)] == actions()[::-1]
