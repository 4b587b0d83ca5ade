"""Whatever people do to their zone and their hour, and however the clock stumbles: one digest a day."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import Profile, User
from taskbell.accounts.profile import update_profile
from taskbell.common.clock import instant, wall_time
from taskbell.notifications.models import Notification
from taskbell.tasks.actions import create_task
from taskbell.tasks.digest import send_digests
from taskbell.tasks.patch import TaskPatch
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
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_day_has_two_and_no_day_that_was_lived_through_has_none(bo: User, steps: list[Any]) -> None:
    with undone():
        User.objects.update(date_joined=BEGIN)
        create_task(TaskPatch(title="Water the plants", due_date=date(2027, 3, 27)), by=bo, now=BEGIN)
        life = Life(bo)
        for pause, changes in steps:
            life.at += pause
            bo.tasks_created.update(due_at=life.at + timedelta(hours=1))
            life.tick()
            if changes:
                life.change(**changes)
        keys = list(Notification.objects.filter(kind="due_digest").values_list("dedupe_key", flat=True))
        days = [date.fromisoformat(key.rpartition(":")[2]) for key in keys]
        assert len(days) == len(set(days))
        assert life.expected <= set(days) <= life.allowed
