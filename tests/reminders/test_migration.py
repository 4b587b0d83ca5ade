"""Reminders from before a day was a day of the calendar."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Task
from tests.conftest import NOW, make_person
from tests.migrating import migrate

BERLIN = "Europe/Berlin"
DUE = datetime(2027, 3, 28, 10, tzinfo=UTC)  # 12:00 in Berlin, on the day that has 23 hours
WRITTEN = {
    "P1D": timedelta(days=1),
    "P14D": timedelta(weeks=2),
    "PT0S": timedelta(),
    "PT36H": timedelta(hours=36),
    "PT24H30M": timedelta(days=1, minutes=30),
    "PT1H0.25S": timedelta(hours=1, milliseconds=250),
    "PT1M": timedelta(minutes=1),
    None: None,
}


@pytest.fixture
def old(transactional_db: None) -> Iterator[Any]:
    """The models as they were; afterwards everything is as it is."""
    make_person("bo", Role.MEMBER)
    yield migrate(("reminders", "0002_wall_time"))
    migrate(("reminders", "0004_written_durations"))


def test_what_was_a_timedelta_is_text_and_whole_days_ring_at_the_wall_time_of_the_due_date(old: Any) -> None:
    bo, reminders = User.objects.get(), old.get_model("reminders", "Reminder").objects
    task = Task.objects.create(
        title="Water",
        timezone=BERLIN,
        due_date=DUE.date(),
        due_time=datetime(2027, 3, 28, 12).time(),  # noqa: DTZ001 - a wall time
        due_at=DUE,
        created_by=bo,
        project=bo.inbox,
        created_at=NOW,
        updated_at=NOW,
    )
    for length in WRITTEN.values():
        at = DUE - (length or timedelta())
        wall = at.replace(tzinfo=None) + timedelta(hours=1)
        when = {"at": at, "next_at": at, "wall_date": wall.date(), "wall_time": wall.time(), "timezone": BERLIN}
        reminders.create(task_id=task.pk, created_by_id=bo.pk, before_due=length, **when)
    migrate(("reminders", "0004_written_durations"))
    kept = {str(one.before_due) if one.before_due else None: one for one in Reminder.objects.all()}
    assert kept.keys() == WRITTEN.keys()
    for text, length in WRITTEN.items():
        exact, is_days = DUE - (length or timedelta()), text in ("P1D", "P14D")
        assert kept[text].next_at == kept[text].at == exact + timedelta(hours=is_days), text
    assert kept["P1D"].wall == datetime(2027, 3, 27, 12)  # noqa: DTZ001 - a wall time
