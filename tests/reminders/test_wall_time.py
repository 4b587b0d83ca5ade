"""What is kept is the wall time that was meant: a clock that skips it once does not move it for ever."""

from datetime import datetime
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from tests.common.oracle import changes, instant_of
from tests.conftest import NOW, Program
from tests.reminders.patches import BERLIN, DAY, HOUR, change, next_at, promised, utc
from tests.tasks.conftest import Somebody

SKIPPED = "2027-03-28T02:30:00"  # there is no such time in Berlin: it comes to 3:30
CAME_TO = "2027-03-28T03:30:00+02:00"
NEXT_DAY = utc("2027-03-29T00:30")  # 2:30 again
GAPS = [
    (zone, clock.before + (clock.after - clock.before) / 2)
    for zone in sorted(available_timezones())
    for clock in changes(zone)
    if clock.after > clock.before and NOW < clock.at < NOW + 1460 * DAY
]


def fired(times: int) -> list[datetime]:
    """The instants at which the one reminder there is fires next."""
    moments = []
    for _ in range(times):
        moment = next_at()
        assert moment is not None
        moments.append(moment)
        deliver_due(moment)
    return moments


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


def made(program: Program, **fields: object) -> dict[str, object]:
    body = {"title": "Water the plants", "timezone": BERLIN} | fields
    answer = program.post("/api/tasks/", body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


@given(gap=st.sampled_from(GAPS), days_before=st.integers(0, 2))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_every_zone_the_days_after_a_skipped_time_are_at_the_time_that_was_meant(
    bo: User, gap: tuple[str, datetime], days_before: int
) -> None:
    Reminder.objects.all().delete()
    zone, skipped = gap
    meant = skipped - days_before * DAY
    plan = ReminderPlan(at=instant_of(meant, zone), wall=meant, repeat="FREQ=DAILY")
    promised(bo, plan, now=NOW, timezone=zone)
    assert fired(4) == [instant_of(meant + n * DAY, zone) for n in range(4)], (zone, meant)


def test_the_schedule_shows_the_meant_time_again_the_day_after(program: Program) -> None:
    task = made(program, reminders=[{"at": SKIPPED, "repeat": "FREQ=DAILY"}])
    coming = program.get(f"/api/tasks/{task['id']}/schedule/").json()["next"]
    assert [one["local"] for one in coming[:2]] == [CAME_TO, "2027-03-29T02:30:00+02:00"]


def test_reading_it_and_sending_it_back_keeps_what_was_meant(program: Program) -> None:
    task = made(program, reminders=[{"at": SKIPPED, "repeat": "FREQ=DAILY"}])
    path = f"/api/tasks/{task['id']}/"
    read = program.get(path).json()
    assert read["reminders"][0]["at"] == CAME_TO
    assert program.put(path, read | {"title": "Water the roses"}).status_code == 200
    reminder = f"{path}reminders/{read['reminders'][0]['id']}/"
    assert program.patch(reminder, {"repeat": "FREQ=DAILY;INTERVAL=1"}).status_code == 200
    assert fired(2)[1] == NEXT_DAY


def test_whoever_says_the_later_time_means_the_later_time(program: Program) -> None:
    task = made(program, reminders=[{"at": SKIPPED, "repeat": "FREQ=DAILY"}])
    path = f"/api/tasks/{task['id']}/"
    program.patch(path, {"reminders": [{"at": "2027-03-28T03:30:00", "repeat": "FREQ=DAILY"}]})
    assert fired(2)[1] == NEXT_DAY + HOUR


def test_one_before_a_due_time_that_is_skipped_is_meant_at_that_time_too(program: Program) -> None:
    due = {"due_date": "2027-03-28", "due_time": "02:30"}
    made(program, **due, reminders=[{"before_due": "PT0S", "repeat": "FREQ=DAILY"}])
    assert fired(2) == [utc("2027-03-28T01:30"), NEXT_DAY]


def test_a_task_that_recurs_takes_the_meant_time_along(bo: User) -> None:
    at = datetime.fromisoformat(CAME_TO)
    plan = ReminderPlan(at=at, wall=datetime.fromisoformat(SKIPPED))
    task = promised(bo, plan, due_date=at.date(), recurrence="FREQ=DAILY")
    change(task, bo, stage=Stage.COMPLETED)
    new = Task.objects.get(occurrence=2)
    assert Reminder.objects.get(task=new).next_at == NEXT_DAY


def test_a_rule_that_goes_on_in_another_zone_keeps_the_instant_it_had(bo: User) -> None:
    task = promised(bo, ReminderPlan(at=utc("2027-01-10T08:00"), repeat="FREQ=DAILY"))
    change(task, bo, stage=Stage.COMPLETED)
    change(task, bo, stage=Stage.PENDING, timezone="America/New_York")
    reminder = Reminder.objects.get()
    assert (reminder.wall, reminder.timezone) == (datetime.fromisoformat("2027-01-10T09:00"), BERLIN)
    assert fired(2) == [utc("2027-01-10T08:00"), utc("2027-01-11T08:00")]


def test_a_plan_is_the_same_however_its_moment_was_written(program: Program) -> None:
    twice = [{"at": "2027-01-10T09:00:00"}, {"at": "2027-01-10T09:00:00+01:00"}]
    assert len(made(program, reminders=twice)["reminders"]) == 1  # type: ignore[arg-type]
    assert Reminder.objects.get().wall == datetime.fromisoformat("2027-01-10T09:00")
