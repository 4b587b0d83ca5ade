"""The database writes dates and times as Python does."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.common.iso import IsoDate, IsoInstant, IsoTime
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW

ROUND = st.sampled_from([timedelta(), timedelta(milliseconds=120), timedelta(microseconds=999_999)])
INSTANT = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 30)).map(lambda wall: wall.replace(tzinfo=UTC))  # noqa: DTZ001
WHOLE = st.builds(lambda at, more: at.replace(microsecond=0) + more, INSTANT, ROUND)


def test_the_database_writes_what_isoformat_writes(bo: User) -> None:
    task = create_task(TaskPatch(title="Sow"), by=bo, now=NOW)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dates(), st.times() | st.times().map(lambda clock: clock.replace(microsecond=0)), INSTANT | WHOLE)
    def holds(day: date, clock: time, moment: datetime) -> None:
        Task.objects.filter(pk=task.pk).update(due_date=day, due_time=clock, completed_at=moment)
        written = Task.objects.values_list(IsoDate("due_date"), IsoTime("due_time"), IsoInstant("completed_at"))
        expected = (day.isoformat(), clock.isoformat(), moment.isoformat().replace("+00:00", "Z"))
        assert written.get() == expected

    holds()


def test_nothing_stays_nothing(bo: User) -> None:
    create_task(TaskPatch(title="Sow"), by=bo, now=NOW)
    written = Task.objects.values_list(IsoDate("due_date"), IsoTime("due_time"), IsoInstant("completed_at"))
    assert written.get() == (None, None, None)
