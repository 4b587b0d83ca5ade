"""Whatever people do to their zone and their hour, and however the clock stumbles: one digest a day."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import Profile, User
from taskbell.accounts.profile import update_profile
from taskbell.common.clock import instant, wall_time
from taskbell.notifications.models import Notification
from taskbell.tasks.actions import create_task
from taskbell.tasks.digest import send_digests
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.services import examples
from tests.undoing import undone

BEGIN = datetime(2027, 3, 26, 0, 0, tzinfo=UTC)  # a week in which clocks change in Berlin and on Lord Howe
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
HOURS = [time(0), time(2, 30), time(10), time(23, 59)]

CHANGES = st.one_of(
    st.fixed_dictionaries({"timezone": st.sampled_from(ZONES)}),
    st.fixed_dictionaries({"digest_at": st.sampled_from(HOURS)}),
    st.fixed_dictionaries({"digest_enabled": st.booleans()}),
)
PAUSES = st.sampled_from([timedelta(seconds=10), timedelta(minutes=29), timedelta(hours=3), timedelta(hours=30)])
STEPS = st.lists(st.tuples(PAUSES, st.none() | CHANGES), min_size=5, max_size=60)


@dataclass
class Life:
    """What the person has lived through, by the calendar on the wall.

    A day is owed a digest whose hour came under the settings that are in force, and allowed one whose hour came
    after the digest was switched on.
    """

    person: User
    at: datetime = BEGIN
    since: datetime = BEGIN
    switched_on: datetime = BEGIN
    expected: set[date] = field(default_factory=set)
    allowed: set[date] = field(default_factory=set)

    def tick(self) -> None:
        """The clock ticks."""
        profile = Profile.objects.get(pk=self.person.pk)
        today = wall_time(self.at, profile.timezone).date()
        hour = instant(today, profile.digest_at, profile.timezone)
        if profile.digest_enabled and self.switched_on < hour <= self.at:
            self.allowed.add(today)
            if hour > self.since:
                self.expected.add(today)
        send_digests(self.at)

    def change(self, **changes: Any) -> None:
        was_on = Profile.objects.get(pk=self.person.pk).digest_enabled
        update_profile(User.objects.get(pk=self.person.pk), now=self.at, **changes)
        self.since = self.at
        if changes.get("digest_enabled") and not was_on:
            self.switched_on = self.at


@given(steps=STEPS)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_day_has_two_and_no_day_that_was_lived_through_has_none(bo: User, steps: list[Any]) -> None:
    with undone():
        User.objects.update(date_joined=BEGIN)
        create_task(TaskPatch(title="Water the plants", due_date=date(2027, 3, 27), due_time=time(9)), by=bo, now=BEGIN)
        life = Life(bo)
        for pause, changes in steps:
            life.at += pause
            bo.tasks_created.update(due_at=life.at)  # between a digest, however late, and the next
            life.tick()
            if changes:
                life.change(**changes)
        keys = list(Notification.objects.filter(kind="due_digest").values_list("dedupe_key", flat=True))
        days = [date.fromisoformat(key.rpartition(":")[2]) for key in keys]
        assert len(days) == len(set(days))
        assert life.expected <= set(days) <= life.allowed


DUE = st.lists(
    st.tuples(
        st.integers(2, 5),  # days from the beginning
        st.none() | st.sampled_from([time(0), time(0, 30), time(9), time(10), time(12), time(23, 59)]),
        st.sampled_from(ZONES),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@given(reader=st.sampled_from(ZONES), hour=st.sampled_from([*HOURS, time(12), time(20)]), due=DUE)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_task_is_in_the_digests_that_it_belongs_to(bo: User, reader: str, hour: time, due: list[Any]) -> None:
    """With a time, in one; without, in that of its date and of the evening before; never after it was due."""
    with undone():
        User.objects.update(date_joined=BEGIN - timedelta(days=3))
        update_profile(bo, now=BEGIN, timezone=reader, digest_at=hour)
        bo = User.objects.get(pk=bo.pk)
        for days, at, zone in due:
            day = BEGIN.date() + timedelta(days=days)
            create_task(TaskPatch(title="Water", due_date=day, due_time=at, timezone=zone), by=bo, now=BEGIN)
        for number in range(9):
            send_digests(instant(BEGIN.date() + timedelta(days=number - 1), hour, reader))
        digests = list(Notification.objects.filter(kind="due_digest").order_by("due_at"))
        for task in Task.objects.all():
            assert task.due_at is not None
            listed = [one for one in digests if task.pk in {line["id"] for line in one.data["tasks"]}]
            days = [date.fromisoformat(one.dedupe_key.rpartition(":")[2]) for one in listed]
            assert listed, "no task falls between two digests"
            assert all(one.due_at <= task.due_at for one in listed)
            if task.due_time is not None:
                assert len(listed) == 1
                assert task.due_at - listed[0].due_at < timedelta(hours=26)
            elif instant(task.due_date, hour, reader) < task.due_at:
                assert days[-1] == task.due_date
                evening = [task.due_date - timedelta(days=1)] if hour >= time(12) else []
                assert set(evening) <= set(days[:-1])
                if task.timezone == reader:
                    assert days[:-1] == evening
            late = [one for one in digests if task.pk in {line["id"] for line in one.data.get("overdue", ())}]
            assert not {one.pk for one in late} & {one.pk for one in listed}
            assert all(one.due_at >= task.due_at for one in late)
