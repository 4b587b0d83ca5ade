"""Single reminders of a task: added, changed and taken back by the same rules as all of them at once."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import record_changes
from taskbell.common.errors import Conflict, NotFound
from taskbell.reminders.actions import change, within_reach
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan, plan_of, settled
from taskbell.tasks.actions import TaskPatch, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import notify_updated
from taskbell.tasks.policy import check_may_remind_others, may_edit
from taskbell.tasks.queries import lock_task, visible_task

Plans = list[ReminderPlan]
NOT_OPEN = "This task is not open any more, so there is nothing to remind you of."


def add_reminder(task_id: int, plan: ReminderPlan, *, by: User, now: datetime) -> Reminder:
    """One reminder more. Raises NotFound, NotAllowed."""
    return _changed(task_id, lambda plans: [*plans, plan], plan, by=by, now=now)


@transaction.atomic
def change_reminder(task_id: int, reminder_id: int, plan: ReminderPlan, *, by: User, now: datetime) -> Reminder:
    """Makes the reminder what is planned; it is armed anew. Raises NotFound, NotAllowed."""
    task = lock_task(task_id, by=by)
    reminder = reminder_within_reach(task_id, reminder_id, by=by)
    if not plan.for_me:
        check_may_remind_others(by, task)
    changes = change(reminder, plan, task, by=by, now=now)
    if changes:
        task.write(now)
        record_changes(task_id, "updated", changes, by=by, at=now)
    if "reminders" in changes:
        notify_updated(task, by=by, now=now, but=set())
    return reminder


@transaction.atomic
def remove_reminder(task_id: int, reminder_id: int, *, by: User, now: datetime) -> None:
    """One reminder less. Raises NotFound, NotAllowed."""
    old = plan_of(reminder_within_reach(task_id, reminder_id, by=by))
    _change(task_id, lambda plans: [known for known in plans if known != old], by=by, now=now)


@transaction.atomic
def remind_me_again(task_id: int, at: datetime, *, by: User, now: datetime) -> Reminder:
    """A reminder for oneself: what people call snooze. It takes the place of those that the person has set before.

    It is of this task alone: where the task recurs, the later ones do not get it.
    Raises NotFound, or Conflict for a task that is not open, of which nobody is reminded.
    """
    if not lock_task(task_id, by=by).is_open:
        raise Conflict(NOT_OPEN)
    earlier = Reminder.objects.snoozes().filter(task_id=task_id, recipient=by)
    earlier.filter(next_at=None).delete()
    old = [plan_of(reminder) for reminder in earlier]
    plan = ReminderPlan(at=at, for_me=True, is_snooze=True)
    return _changed(
        task_id, lambda plans: [*(known for known in plans if known not in old), plan], plan, by=by, now=now
    )


def reminder_within_reach(task_id: int, reminder_id: int, *, by: User) -> Reminder:
    """A reminder that the person sees and may take back. Raises NotFound, NotAllowed."""
    task = visible_task(task_id, to=by)
    for reminder in within_reach(task, by=by, shared_too=True):
        if reminder.pk == reminder_id:
            if reminder.recipient_id is None:
                check_may_remind_others(by, task)
            return reminder
    raise NotFound


@transaction.atomic
def _changed(task_id: int, edit: Callable[[Plans], Plans], plan: ReminderPlan, *, by: User, now: datetime) -> Reminder:
    task = _change(task_id, edit, by=by, now=now)
    for reminder in within_reach(task, by=by, shared_too=True):
        if plan_of(reminder) == settled(plan, [plan_of(reminder)], task.timezone):
            return reminder
    raise NotFound


def _change(task_id: int, edit: Callable[[Plans], Plans], *, by: User, now: datetime) -> Task:
    # Held first: what two people add at once must not replace one another.
    task = lock_task(task_id, by=by)
    plans = [plan_of(reminder) for reminder in within_reach(task, by=by, shared_too=may_edit(by, task))]
    return update_task(task_id, TaskPatch({}, reminders=edit(plans)), by=by, now=now)
