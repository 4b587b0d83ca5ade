"""Adding, changing and deleting reminders."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.activity.actions import Change
from taskbell.common.errors import NotAllowed, invalid
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reminders.schedule import RemindedTask, ReminderPlan, compute_at, plan_of, schedule, with_wall_time

MAX_REMINDERS = 50
SCHEDULE_COLUMNS = ["at", "wall_date", "wall_time", "timezone", "next_at", "state", "fired_at"]
ONLY_FOR_ME = gettext_noop("You can only set reminders for yourself. Send for_me: true.")
TOO_MANY = gettext_noop("A task can have at most %(n)d reminders, including the private ones of other people.")


def add_reminders(task: RemindedTask, plans: Sequence[ReminderPlan], *, by: User, now: datetime) -> dict[str, Change]:
    """Adds the reminders of a new task.

    Returns the change for the history, if any. Raises Invalid if there are too many.
    """
    new = list(dict.fromkeys(with_wall_time(plan, [], task.timezone) for plan in plans))
    if len(new) > MAX_REMINDERS:
        raise invalid("reminders", "max_length", _(TOO_MANY) % {"n": MAX_REMINDERS})
    Reminder.objects.bulk_create(build_reminder(plan, task, by=by, now=now) for plan in new)
    return _as_history([], new) if new else {}


def replace_reminders(
    task: RemindedTask, plans: Sequence[ReminderPlan], *, by: User, shared_too: bool, now: datetime
) -> dict[str, Change]:
    """Replaces the person's own reminders on the task, and with `shared_too` the shared ones as well.

    A reminder that is also in `plans` stays as it is: one that has fired does not fire again.
    Returns the change for the history, if any. Call it with the task locked. Raises Invalid if there are too many,
    and NotAllowed for a new shared one without `shared_too`.
    """
    visible = Reminder.objects.visible_to(by).filter(task_id=task.pk)
    existing = {reminder.pk: plan_of(reminder) for reminder in visible}
    known = list(existing.values())
    plans = [with_wall_time(plan, known, task.timezone) for plan in plans]
    replaced = {pk: plan for pk, plan in existing.items() if shared_too or plan.for_me}
    gone = [pk for pk, plan in replaced.items() if plan not in plans]
    new = [plan for plan in dict.fromkeys(plans) if plan not in known]
    if not shared_too and not all(plan.for_me for plan in new):
        raise NotAllowed(_(ONLY_FOR_ME))
    respelled = _respell(replaced, plans)
    if not gone and not new and not respelled:
        return {}
    if new and Reminder.objects.filter(task_id=task.pk).count() - len(gone) + len(new) > MAX_REMINDERS:
        raise invalid("reminders", "max_length", _(TOO_MANY) % {"n": MAX_REMINDERS})
    Reminder.objects.filter(pk__in=gone).delete()
    Reminder.objects.bulk_create(build_reminder(plan, task, by=by, now=now) for plan in new)
    return _as_history(known, [plan for pk, plan in (existing | respelled).items() if pk not in gone] + new)


def _respell(existing: Mapping[int, ReminderPlan], plans: Sequence[ReminderPlan]) -> dict[int, ReminderPlan]:
    """Stores durations as they are written now, P1W instead of P7D. Returns those that were written differently."""
    now = {plan: plan for plan in reversed(plans)}
    kept = {pk: now[plan] for pk, plan in existing.items() if plan in now}
    respelled = {pk: plan for pk, plan in kept.items() if str(plan.before_due) != str(existing[pk].before_due)}
    for pk, plan in respelled.items():
        Reminder.objects.filter(pk=pk).update(before_due=plan.before_due)
    return respelled


def add_reminder(
    task: RemindedTask,
    plan: ReminderPlan,
    existing: Sequence[Reminder],
    *,
    instead_of: Sequence[Reminder] = (),
    by: User,
    now: datetime,
) -> tuple[Reminder, dict[str, Change]]:
    """Adds a reminder, unless one of the task's `existing` ones is equal to it, and deletes those in `instead_of`.

    Returns the reminder, and the change for the history, if any. Raises Invalid if there are too many.
    """
    visible = visible_among(existing, by)
    known = {reminder: plan_of(reminder) for reminder in visible}
    plan = with_wall_time(plan, list(known.values()), task.timezone)
    fired = {reminder for reminder in instead_of if reminder.next_at is None}
    equal = next((reminder for reminder in visible if known[reminder] == plan and reminder not in fired), None)
    gone = [reminder for reminder in instead_of if reminder != equal]
    if equal is None and len(existing) - len(gone) >= MAX_REMINDERS:
        raise invalid("reminders", "max_length", _(TOO_MANY) % {"n": MAX_REMINDERS})
    if gone:
        Reminder.objects.filter(pk__in=[reminder.pk for reminder in gone]).delete()
    reminder = equal or build_reminder(plan, task, by=by, now=now)
    if equal is None:
        reminder.save(force_insert=True)
    if equal is not None and not gone:
        return reminder, {}
    after = [known[stays] for stays in visible if stays not in gone]
    return reminder, _as_history(list(known.values()), after if equal else [*after, plan])


def delete_reminder(reminder: Reminder, existing: Sequence[Reminder], *, by: User) -> dict[str, Change]:
    """Deletes the reminder, and any `existing` ones equal to it. Returns the change for the history."""
    known = {one.pk: plan_of(one) for one in visible_among(existing, by)}
    equal = [pk for pk, plan in known.items() if plan == known[reminder.pk]]
    Reminder.objects.filter(pk__in=equal).delete()
    return _as_history(list(known.values()), [plan for pk, plan in known.items() if pk not in equal])


def visible_among(reminders: Sequence[Reminder], person: User) -> list[Reminder]:
    """The shared reminders and the person's own."""
    return [reminder for reminder in reminders if reminder.recipient_id in (None, person.pk)]


def change_reminder(
    reminder: Reminder, plan: ReminderPlan, task: RemindedTask, *, by: User, now: datetime
) -> dict[str, Change]:
    """Changes the reminder and reschedules it. Returns the change for the history, if any."""
    before = plan_of(reminder)
    plan = with_wall_time(plan, [before], task.timezone)
    if before != plan:
        _apply(plan, reminder, task, by=by, now=now).save()
    elif not _respell({reminder.pk: before}, [plan]):
        return {}
    reminder.before_due = plan.before_due
    return _as_history([before], [plan])


def reschedule(task: RemindedTask, *, now: datetime) -> None:
    """Moves the reminders of a task whose due time has changed, or that has been reopened.

    A reminder that does not move keeps its state: it has fired, or is about to.
    """
    moving = [reminder for reminder in Reminder.objects.filter(task_id=task.pk) if _must_move(reminder, task)]
    for reminder in moving:
        schedule(reminder, task, now=now)
    Reminder.objects.bulk_update(moving, SCHEDULE_COLUMNS)


def _must_move(reminder: Reminder, task: RemindedTask) -> bool:
    if reminder.repeat and reminder.state == ReminderState.SKIPPED:
        return True
    moved = (compute_at(reminder, task), task.timezone) != (reminder.at, reminder.timezone)
    return reminder.before_due is not None and moved


def build_reminder(plan: ReminderPlan, task: RemindedTask, *, by: User, now: datetime) -> Reminder:
    """The reminder of a plan, unsaved."""
    return _apply(plan, Reminder(task_id=task.pk, created_by=by, is_snooze=plan.is_snooze), task, by=by, now=now)


def _apply(plan: ReminderPlan, reminder: Reminder, task: RemindedTask, *, by: User, now: datetime) -> Reminder:
    reminder.recipient = by if plan.for_me else None
    reminder.at, reminder.before_due, reminder.repeat = plan.at, plan.before_due, plan.repeat
    reminder.wall, reminder.timezone = plan.wall, task.timezone
    schedule(reminder, task, now=now)
    return reminder


def _as_history(before: Sequence[ReminderPlan], after: Sequence[ReminderPlan]) -> dict[str, Change]:
    """The change without private reminders; if only those changed, `own_reminders` without values."""
    old, new = (sorted(describe(plan) for plan in plans if not plan.for_me) for plans in (before, after))
    return {"own_reminders": (None, None)} if old == new else {"reminders": (old, new)}


def describe(plan: ReminderPlan) -> str:
    """The reminder in words, as the history shows it."""
    when = plan.at.isoformat() if plan.at else f"{plan.before_due} before due"
    return f"{when} {plan.repeat}".strip()
