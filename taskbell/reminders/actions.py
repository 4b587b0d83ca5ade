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
    reach = Reminder.objects.visible_to(by) if shared_too else Reminder.objects.filter(recipient=by)
    existing = [(plan_of(reminder), reminder.pk) for reminder in reach.filter(task_id=task.pk)]
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


def add_reminder(
    task: Dated,
    plan: ReminderPlan,
    existing: Sequence[Reminder],
    *,
    instead_of: Sequence[Reminder] = (),
    by: User,
    now: datetime,
) -> tuple[Reminder, dict[str, Change]]:
    """Adds one reminder to the `existing` ones of the task, unless an equal one is there, and deletes `instead_of`.

    Returns the reminder, and the change for the history, if any. Raises Invalid where they are too many.
    """
    visible = visible_among(existing, by)
    known = {reminder: plan_of(reminder) for reminder in visible}
    plan = settled(plan, list(known.values()), task.timezone)
    fired = {reminder for reminder in instead_of if reminder.next_at is None}
    equal = next((reminder for reminder in visible if known[reminder] == plan and reminder not in fired), None)
    gone = [reminder for reminder in instead_of if reminder != equal]
    if equal is None and len(existing) - len(gone) >= MOST_REMINDERS:
        raise invalid("reminders", "max_length", TOO_MANY)
    if gone:
        Reminder.objects.filter(pk__in=[reminder.pk for reminder in gone]).delete()
    reminder = equal or made(plan, task, by=by, now=now)
    if equal is None:
        reminder.save(force_insert=True)
    if equal is not None and not gone:
        return reminder, {}
    after = [known[stays] for stays in visible if stays not in gone]
    return reminder, _as_history(list(known.values()), after if equal else [*after, plan])


def delete_reminder(reminder: Reminder, existing: Sequence[Reminder], *, by: User) -> dict[str, Change]:
    """Deletes the reminder and its equals of the `existing` ones. Returns the change for the history."""
    known = {one.pk: plan_of(one) for one in visible_among(existing, by)}
    equal = [pk for pk, plan in known.items() if plan == known[reminder.pk]]
    Reminder.objects.filter(pk__in=equal).delete()
    return _as_history(list(known.values()), [plan for pk, plan in known.items() if pk not in equal])


def visible_among(reminders: Sequence[Reminder], person: User) -> list[Reminder]:
    """The shared reminders and the person's own."""
    return [reminder for reminder in reminders if reminder.recipient_id in (None, person.pk)]


def change_reminder(
    reminder: Reminder, plan: ReminderPlan, task: Dated, *, by: User, now: datetime
) -> dict[str, Change]:
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
