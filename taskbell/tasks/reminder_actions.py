"""One reminder of a task: add, change, delete or snooze it. The others are read, not rewritten."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.activity.actions import Change, record_changes
from taskbell.common.errors import Conflict, NotFound
from taskbell.reminders import actions
from taskbell.reminders.models import Reminder
from taskbell.reminders.notifications import REMINDER
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.history import record_own_reminders
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import notify_updated
from taskbell.tasks.policy import check_in_use, check_may_remind_others
from taskbell.tasks.queries import task_with_reminders
from taskbell.tasks.validation import check_reminder

Condition = Value | Exists
NOT_OPEN = gettext_noop("Can't snooze this task, because it is not open. Reopen it first.")
SWITCHED_OFF = gettext_noop(
    "Can't snooze this task, because you switched off reminder emails. Switch them on in your profile first, or add a "
    "reminder for yourself: it appears in your notifications."
)


@transaction.atomic
def add_reminder(
    task_id: int, plan: ReminderPlan | Callable[[Task], ReminderPlan], *, for_me: bool = False, by: User, now: datetime
) -> Reminder:
    """Adds a reminder; one that is already there is not doubled. Raises NotFound, NotAllowed, Invalid.

    `plan` may be a function of the task, for callers that need its time zone; `for_me` says whether it is private.
    """
    for_me = for_me if callable(plan) else plan.for_me
    task, existing = _lock(task_id, private=Value(for_me), by=by, now=now)
    plan = plan(task) if callable(plan) else plan
    if not plan.for_me:
        check_may_remind_others(by, task)
    return _add(plan, task, existing, by=by, now=now)


@transaction.atomic
def change_reminder(
    task_id: int, reminder_id: int, plan: ReminderPlan | Callable[[Reminder], ReminderPlan], *, by: User, now: datetime
) -> Reminder:
    """Changes the reminder and reschedules it. Raises NotFound, NotAllowed, Invalid.

    `plan` may be a function of the reminder, for callers that change only a part of it.
    """
    task, existing = _lock(task_id, private=_is_own(reminder_id, by), by=by, now=now)
    reminder = _reminder_to_edit(task, reminder_id, existing, by=by)
    plan = plan(reminder) if callable(plan) else plan
    if not plan.for_me:
        check_may_remind_others(by, task)
    check_reminder(plan)
    was_private = reminder.recipient_id is not None
    changes = actions.change_reminder(reminder, plan, task, by=by, now=now)
    if was_private and "reminders" in changes:
        task.write(now)  # others see it from now on
    _record(task, changes, by=by, now=now)
    return reminder


@transaction.atomic
def delete_reminder(task_id: int, reminder_id: int, *, by: User, now: datetime) -> None:
    """Deletes the reminder, with any that have become equal to it. Raises NotFound, NotAllowed."""
    task, existing = _lock(task_id, private=_is_own(reminder_id, by), by=by, now=now)
    reminder = _reminder_to_edit(task, reminder_id, existing, by=by)
    _record(task, actions.delete_reminder(reminder, existing, by=by), by=by, now=now)


@transaction.atomic
def snooze_task(task_id: int, at: datetime | Callable[[Task], datetime], *, by: User, now: datetime) -> Reminder:
    """Reminds the person again at `at`, in place of their earlier snoozes.

    The snooze belongs to this task alone; later tasks of a series do not get it. Raises NotFound, Conflict, Invalid.
    """
    task, existing = _lock(task_id, private=Value(True), by=by, now=now)
    plan = ReminderPlan(at=at(task) if callable(at) else at, for_me=True, is_snooze=True)
    if not task.is_open:
        raise Conflict(_(NOT_OPEN))
    if not by.profile.wants(REMINDER.name):
        raise Conflict(_(SWITCHED_OFF))
    earlier = [reminder for reminder in existing if reminder.is_snooze and reminder.recipient_id == by.pk]
    return _add(plan, task, existing, instead_of=earlier, by=by, now=now)


def _add(
    plan: ReminderPlan,
    task: Task,
    existing: Sequence[Reminder],
    *,
    instead_of: Sequence[Reminder] = (),
    by: User,
    now: datetime,
) -> Reminder:
    check_reminder(plan)
    reminder, changes = actions.add_reminder(task, plan, existing, instead_of=instead_of, by=by, now=now)
    _record(task, changes, by=by, now=now)
    reminder.task = task
    return reminder


def _lock(task_id: int, *, private: Condition, by: User, now: datetime) -> tuple[Task, list[Reminder]]:
    """The task, locked, with all its reminders. Raises NotFound, or Archived.

    One UPDATE locks it and makes the next version, unless the change is `private`, which others must not notice.
    """
    version = Case(When(private, then=F("version")), default=F("version") + 1)
    updated_at = Case(When(private, then=F("updated_at")), default=now)
    if not Task.objects.visible_to(by).filter(pk=task_id).update(version=version, updated_at=updated_at):
        raise NotFound
    task, reminders = task_with_reminders(task_id, by=by)
    check_in_use(task)
    return task, reminders


def _is_own(reminder_id: int, person: User) -> Condition:
    return Exists(Reminder.objects.filter(pk=reminder_id, task=OuterRef("pk"), recipient=person))


def _reminder_to_edit(task: Task, reminder_id: int, existing: Sequence[Reminder], *, by: User) -> Reminder:
    """The reminder, if the person sees it and may change it. Raises NotFound, NotAllowed."""
    for reminder in actions.visible_among(existing, by):
        if reminder.pk == reminder_id:
            if reminder.recipient_id is None:
                check_may_remind_others(by, task)
            return reminder
    raise NotFound


def _record(task: Task, changes: dict[str, Change], *, by: User, now: datetime) -> None:
    """Writes the history and notifies the others. If nothing has changed, the task keeps its version."""
    if not changes:
        transaction.set_rollback(True)
    elif "reminders" in changes:
        record_changes(task, "updated", changes, by=by, at=now)
        notify_updated(task, by=by, now=now, but=set())
    else:
        record_own_reminders(task, by=by, now=now)
