"""Making and taking back promises."""

from collections.abc import Sequence
from datetime import datetime

from taskbell.accounts.models import User
from taskbell.activity.actions import Change
from taskbell.common.errors import invalid
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reminders.schedule import Dated, ReminderPlan, instant_of, plan_of, schedule, settled

MOST_REMINDERS = 50
MOVED = ["at", "wall_date", "wall_time", "timezone", "next_at", "state", "fired_at"]
TOO_MANY = f"A task has at most {MOST_REMINDERS} reminders, those of everybody counted."


def add_reminders(task: Dated, plans: Sequence[ReminderPlan], *, by: User, now: datetime) -> dict[str, Change]:
    """Makes these the reminders of a task that is new and has none.

    Returns the change for the history, if any. Raises Invalid where they are too many.
    """
    new = list(dict.fromkeys(settled(plan, [], task.timezone) for plan in plans))
    if len(new) > MOST_REMINDERS:
        raise invalid("reminders", "max_length", TOO_MANY)
    Reminder.objects.bulk_create(made(plan, task, by=by, now=now) for plan in new)
    return _as_history([], new) if new else {}


def replace_reminders(
    task: Dated, plans: Sequence[ReminderPlan], *, by: User, shared_too: bool, now: datetime
) -> dict[str, Change]:
    """Makes these the person's own reminders on the task, and with `shared_too` the shared ones as well.

    A reminder that is planned again as it was stays what it is: one that has fired does not fire again.
    Returns the change for the history, if any. The caller holds the task. Raises Invalid where they are too many.
    """
    existing = [(plan_of(reminder), reminder.pk) for reminder in within_reach(task, by=by, shared_too=shared_too)]
    known = [plan for plan, _ in existing]
    plans = [settled(plan, known, task.timezone) for plan in plans]
    gone = [pk for plan, pk in existing if plan not in plans]
    new = [plan for plan in dict.fromkeys(plans) if plan not in known]
    if not gone and not new:
        return {}
    if new and Reminder.objects.filter(task_id=task.pk).count() - len(gone) + len(new) > MOST_REMINDERS:
        raise invalid("reminders", "max_length", TOO_MANY)
    Reminder.objects.filter(pk__in=gone).delete()
    Reminder.objects.bulk_create(made(plan, task, by=by, now=now) for plan in new)
    return _as_history(known, plans)


def within_reach(task: Dated, *, by: User, shared_too: bool) -> list[Reminder]:
    """The reminders on the task that the person may take back."""
    reach = Reminder.objects.visible_to(by) if shared_too else Reminder.objects.filter(recipient=by)
    return list(reach.filter(task_id=task.pk))


def change(reminder: Reminder, plan: ReminderPlan, task: Dated, *, by: User, now: datetime) -> dict[str, Change]:
    """Makes the reminder what is planned and arms it anew. Returns the change for the history, if any."""
    before = plan_of(reminder)
    plan = settled(plan, [before], task.timezone)
    if before == plan:
        return {}
    reminder.recipient = by if plan.for_me else None
    reminder.at, reminder.before_due, reminder.repeat = plan.at, plan.before_due, plan.repeat
    reminder.wall, reminder.timezone = plan.wall, task.timezone
    schedule(reminder, task, now=now)
    reminder.save()
    return _as_history([before], [plan])


def reschedule(task: Dated, *, now: datetime) -> None:
    """Lets the reminders follow a task that is due at another time, or is open again.

    One that has no reason to move keeps its state: what has fired has, and what is about to fire will.
    """
    moving = [reminder for reminder in Reminder.objects.filter(task_id=task.pk) if _is_to_move(reminder, task)]
    for reminder in moving:
        schedule(reminder, task, now=now)
    Reminder.objects.bulk_update(moving, MOVED)


def _is_to_move(reminder: Reminder, task: Dated) -> bool:
    if reminder.repeat and reminder.state == ReminderState.SKIPPED:
        return True
    moved = (instant_of(reminder, task), task.timezone) != (reminder.at, reminder.timezone)
    return reminder.before_due is not None and moved


def made(plan: ReminderPlan, task: Dated, *, by: User, now: datetime) -> Reminder:
    """The reminder that is planned, not saved yet."""
    reminder = Reminder(
        task_id=task.pk,
        created_by=by,
        recipient=by if plan.for_me else None,
        at=plan.at,
        before_due=plan.before_due,
        repeat=plan.repeat,
        is_snooze=plan.is_snooze,
    )
    reminder.wall = plan.wall
    schedule(reminder, task, now=now)
    return reminder


def _as_history(before: Sequence[ReminderPlan], after: Sequence[ReminderPlan]) -> dict[str, Change]:
    """The change as everybody may read it: when somebody reminds themselves is theirs to know."""
    old, new = (sorted(in_words(plan) for plan in plans if not plan.for_me) for plans in (before, after))
    return {"own_reminders": (None, None)} if old == new else {"reminders": (old, new)}


def in_words(plan: ReminderPlan) -> str:
    """The reminder as history tells it."""
    when = plan.at.isoformat() if plan.at else f"{plan.before_due} before due"
    return f"{when} {plan.repeat}".strip()
