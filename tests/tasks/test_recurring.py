"""Tasks that come again: what the next one is, how it ends, and how it is taken back."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity
from taskbell.common.errors import Conflict, Invalid, NotAllowed
from taskbell.notifications.models import Notification
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, skip_task, update_task
from taskbell.tasks.kinds import Basis, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import add_reminder, snooze_task
from tests.conftest import NOW
from tests.reminders.patches import DAY_BEFORE, before

DAY = timedelta(days=1)
FRIDAY = date(2026, 11, 27)


def a_series(by: User, rule: str = "FREQ=WEEKLY", due: date = FRIDAY, reminders: Any = (), **fields: Any) -> Task:
    patch = {"title": "Water the plants", "recurrence": rule, "due_date": due, "timezone": "Europe/Berlin"} | fields
    return create_task(TaskPatch(**patch, reminders=reminders), by=by, now=NOW)


def put(task: Task, by: User, stage: str, now: datetime = NOW, **fields: Any) -> None:
    update_task(task.pk, TaskPatch(**({"stage": stage} | fields)), by=by, now=now)


def complete(task: Task, by: User, now: datetime = NOW) -> Task | None:
    """Completes it; the next one, if there is one now."""
    put(task, by, Stage.COMPLETED, now)
    return following(task)


def following(task: Task) -> Task | None:
    task.refresh_from_db()
    return Task.objects.filter(series=task.series, occurrence=task.occurrence + 1, deleted_at=None).first()


def the_next(task: Task, by: User, now: datetime = NOW) -> Task:
    found = complete(task, by, now)
    assert found is not None
    return found


def walk(task: Task, by: User, steps: int) -> list[date]:
    """The due dates of so many occurrences after this one; fewer where the rule ends."""
    found: list[date] = []
    current: Task | None = task
    while len(found) < steps and current and (current := complete(current, by)):
        assert current.due_date is not None
        found.append(current.due_date)
    return found


def actions_of(task: Task) -> list[str]:
    return list(Activity.objects.of_tasks().filter(task=task).order_by("id").values_list("action", flat=True))


def test_the_next_one_is_as_the_first_was_and_the_first_stays_as_history(bo: User, cy: User) -> None:
    task = a_series(bo, description="All of them.", priority=4, due_time=time(17), assigned_to_id=cy.pk)
    new = the_next(task, bo)
    same = ("title", "description", "priority", "due_time", "timezone", "assigned_to_id", "recurrence", "created_by_id")
    assert [getattr(new, name) for name in same] == [getattr(task, name) for name in same]
    assert (new.due_date, new.stage, new.completed_at) == (FRIDAY + 7 * DAY, Stage.PENDING, None)
    assert new.due_at == task.due_at + 7 * DAY if task.due_at else False
    assert (task.stage, task.due_date, task.completed_at) == (Stage.COMPLETED, FRIDAY, NOW)
    assert actions_of(task) == ["created", "updated", "recurred"]
    assert actions_of(new) == ["created"]
    assert Activity.objects.get(task=task, action="recurred").new_value == new.pk


def test_who_it_is_for_is_told_of_the_next_one(bo: User, cy: User) -> None:
    task = a_series(bo, assigned_to_id=cy.pk)
    new = the_next(task, bo)
    assert Notification.objects.filter(task=new, recipient=cy, kind="task_assigned").count() == 1


def test_counted_from_the_due_date_however_late_it_is_done(bo: User) -> None:
    assert the_next(a_series(bo), bo, NOW + 40 * DAY).due_date == FRIDAY + 7 * DAY


def test_counted_from_the_day_on_which_it_is_done_in_the_zone_of_the_task(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY;INTERVAL=3", recurrence_from=Basis.COMPLETION)
    late_evening = datetime.fromisoformat("2026-12-24T23:30+00:00")  # the 25th in Berlin
    assert the_next(task, bo, late_evening).due_date == date(2026, 12, 28)


@pytest.mark.parametrize("basis", Basis.values)
def test_three_times_stays_three_times_for_one_who_is_ahead_of_the_plan(bo: User, basis: str) -> None:
    second = the_next(a_series(bo, "FREQ=WEEKLY;COUNT=3", date(2027, 1, 4), recurrence_from=basis), bo)
    update_task(second.pk, TaskPatch(due_date=date(2027, 1, 10)), by=bo, now=NOW)
    assert len(walk(second, bo, 9)) == 1


@pytest.mark.parametrize("basis", Basis.values)
def test_count_ends_it(bo: User, basis: str) -> None:
    assert len(walk(a_series(bo, "FREQ=DAILY;COUNT=3", recurrence_from=basis), bo, 9)) == 2


def test_until_ends_it(bo: User) -> None:
    assert walk(a_series(bo, "FREQ=WEEKLY;UNTIL=20261211"), bo, 9) == [FRIDAY + 7 * DAY, FRIDAY + 14 * DAY]


def test_until_ends_one_that_is_counted_from_completion(bo: User) -> None:
    task = a_series(bo, "FREQ=WEEKLY;UNTIL=20261211", recurrence_from=Basis.COMPLETION)
    assert complete(task, bo, NOW + 30 * DAY) is None


def test_the_thirty_first_is_remembered_over_short_months(bo: User) -> None:
    task = a_series(bo, "FREQ=MONTHLY;BYMONTHDAY=31", date(2027, 1, 31))
    dates = ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    assert walk(task, bo, 4) == [date.fromisoformat(day) for day in dates]


def test_the_day_it_began_with_is_remembered_where_the_rule_names_none(bo: User) -> None:
    dates = ["2028-02-29", "2028-03-31", "2028-04-30"]
    assert walk(a_series(bo, "FREQ=MONTHLY", date(2028, 1, 31)), bo, 3) == [date.fromisoformat(day) for day in dates]


def test_five_in_the_afternoon_stays_so_when_summer_begins(bo: User) -> None:
    new = the_next(a_series(bo, "FREQ=WEEKLY", date(2027, 3, 22), due_time=time(17)), bo)
    assert new.due_at == datetime.fromisoformat("2027-03-29T17:00+02:00")


def test_the_reminders_move_along(bo: User) -> None:
    three_hours, at = before("PT3H"), datetime.fromisoformat("2027-03-22T09:00+01:00")
    plans = [
        three_hours,
        ReminderPlan(at=at),
        ReminderPlan(at=at, for_me=True, repeat="FREQ=DAILY"),
    ]
    task = a_series(bo, "FREQ=WEEKLY", date(2027, 3, 22), reminders=plans)
    Reminder.objects.filter(before_due=None).update(state="fired", next_at=None)
    new = the_next(task, bo)
    moved = {reminder.before_due or reminder.repeat: reminder for reminder in Reminder.objects.filter(task=new)}
    nine_in_summer = datetime.fromisoformat("2027-03-29T09:00+02:00")
    assert (moved[""].next_at, moved[""].state) == (nine_in_summer, "armed")
    assert (moved["FREQ=DAILY"].next_at, moved["FREQ=DAILY"].recipient) == (nine_in_summer, bo)
    assert moved[three_hours.before_due].next_at == new.due_at - timedelta(hours=3) if new.due_at else False
    assert Reminder.objects.filter(task=task).count() == 3


def test_who_catches_up_is_not_reminded_of_what_is_past(bo: User) -> None:
    eight = datetime.fromisoformat("2026-11-27T08:00+01:00")
    task = a_series(bo, "FREQ=DAILY", reminders=[ReminderPlan(at=eight)])
    new = the_next(task, bo, NOW + 15 * DAY)
    reminder = Reminder.objects.get(task=new)
    assert (reminder.at, reminder.next_at, reminder.state) == (eight + DAY, None, "skipped")
    skip_task(new.pk, by=bo, now=NOW + 15 * DAY)
    reminder.refresh_from_db()
    assert (reminder.at, reminder.next_at, reminder.state) == (eight + 2 * DAY, None, "skipped")
    assert Reminder.objects.get(task=the_next(new, bo, NOW)).next_at == eight + 3 * DAY


def test_mia_who_is_no_manager_any_more_has_no_reminder_on_the_next_one(bo: User, mia: User) -> None:
    task = a_series(bo, reminders=[before("P1D", for_me=True)])
    add_reminder(task.pk, before("P1D", for_me=True), by=mia, now=NOW)
    User.objects.filter(pk=mia.pk).update(role=Role.MEMBER)
    assert Reminder.objects.get(task=the_next(task, bo)).recipient == bo


def test_a_snooze_is_for_the_one_task_and_not_for_those_that_follow(bo: User, cy: User) -> None:
    task = a_series(bo, "FREQ=DAILY", assigned_to_id=cy.pk, reminders=[DAY_BEFORE])
    snooze_task(task.pk, NOW + DAY, by=cy, now=NOW)
    new = the_next(task, bo)
    assert Reminder.objects.get(task=new).before_due == DAY_BEFORE.before_due
    assert Reminder.objects.filter(task=task).count() == 2
    put(task, bo, Stage.PENDING)
    assert the_next(task, bo) == new
    assert Reminder.objects.get(task=new).before_due == DAY_BEFORE.before_due


def test_what_was_put_off_is_gone_with_the_occurrence_that_is_skipped(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY", reminders=[DAY_BEFORE])
    snooze_task(task.pk, NOW + DAY, by=bo, now=NOW)
    skip_task(task.pk, by=bo, now=NOW)
    assert Reminder.objects.get().before_due == DAY_BEFORE.before_due


def test_archiving_what_is_done_leaves_the_next_one_alone(bo: User) -> None:
    task = a_series(bo)
    new = the_next(task, bo)
    put(task, bo, Stage.ARCHIVED)
    assert following(task) == new


def test_a_task_that_recurs_needs_a_due_date(bo: User) -> None:
    with pytest.raises(Invalid, match="needs a due date"):
        create_task(TaskPatch(title="x", recurrence="FREQ=DAILY"), by=bo, now=NOW)
    task = a_series(bo)
    with pytest.raises(Invalid, match="needs a due date"):
        update_task(task.pk, TaskPatch(due_date=None), by=bo, now=NOW)


def test_a_new_rule_begins_anew_and_none_at_all_ends_it(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY;COUNT=2")
    new = the_next(task, bo)
    update_task(new.pk, TaskPatch(recurrence="FREQ=MONTHLY;COUNT=2"), by=bo, now=NOW)
    new.refresh_from_db()
    assert walk(new, bo, 9) == [date(2026, 12, 28)]
    last = a_series(bo)
    update_task(last.pk, TaskPatch(recurrence=""), by=bo, now=NOW)
    assert complete(last, bo) is None


def test_a_task_that_is_done_again_without_being_opened_makes_nothing_more(bo: User) -> None:
    task = a_series(bo)
    complete(task, bo)
    complete(task, bo)
    assert Task.objects.count() == 2


def test_skip_moves_the_task_itself_and_tells_the_others(bo: User, cy: User) -> None:
    task = a_series(bo, assigned_to_id=cy.pk)
    skip_task(task.pk, by=bo, now=NOW)
    task.refresh_from_db()
    assert (task.due_date, task.stage, Task.objects.count()) == (FRIDAY + 7 * DAY, Stage.PENDING, 1)
    line = Activity.objects.get(task=task, action="skipped")
    assert (line.field, line.old_value, line.new_value) == ("due_date", "2026-11-27", "2026-12-04")
    assert Notification.objects.filter(recipient=cy, kind="task_updated").count() == 1
    assert walk(task, bo, 1) == [FRIDAY + 14 * DAY]


def test_skip_is_refused_where_there_is_nothing_to_skip_to(bo: User, cy: User) -> None:
    last = a_series(bo, "FREQ=WEEKLY;COUNT=1")
    done, once = a_series(bo), create_task(TaskPatch(title="x"), by=bo, now=NOW)
    complete(done, bo)
    for task in (last, done, once):
        with pytest.raises(Conflict):
            skip_task(task.pk, by=bo, now=NOW)
    theirs = a_series(bo, assigned_to_id=cy.pk)
    with pytest.raises(NotAllowed):
        skip_task(theirs.pk, by=cy, now=NOW)


def test_an_overdue_task_that_is_skipped_is_overdue_no_more(bo: User) -> None:
    task = a_series(bo)
    Task.objects.update(is_overdue=True)
    assert skip_task(task.pk, by=bo, now=NOW).status == "PENDING"


def test_what_somebody_deleted_comes_back_as_they_left_it(bo: User) -> None:
    task = a_series(bo)
    new = the_next(task, bo)
    update_task(new.pk, TaskPatch(title="Water the roses"), by=bo, now=NOW)
    delete_task(new.pk, by=bo, now=NOW)
    put(task, bo, Stage.PENDING)
    assert the_next(task, bo).title == "Water the roses"
