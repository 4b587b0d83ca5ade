"""Making and taking back promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from taskbell.accounts.models import User
from taskbell.activity.actions import Change
from taskbell.reminders.models import Reminder


@dataclass(frozen=True)
class ReminderPlan:
    """A reminder somebody asks for: at an instant, for everybody on the task or for themselves alone."""

    at: datetime
    for_me: bool = False


def replace_reminders(task_id: int, plans: Sequence[ReminderPlan], *, by: User, shared_too: bool) -> dict[str, Change]:
    """Makes these the person's own reminders on the task, and with `shared_too` the shared ones as well.

    A reminder that is planned again as it was stays what it is: one that has fired does not fire again.
    Returns the change for the history, if any.
    """
    reach = Reminder.objects.visible_to(by) if shared_too else Reminder.objects.filter(recipient=by)
    existing = {_plan_of(reminder): reminder for reminder in reach.filter(task_id=task_id)}
    gone = [reminder.pk for plan, reminder in existing.items() if plan not in plans]
    new = [plan for plan in dict.fromkeys(plans) if plan not in existing]
    if not gone and not new:
        return {}
    Reminder.objects.filter(pk__in=gone).delete()
    Reminder.objects.bulk_create(
        Reminder(task_id=task_id, created_by=by, recipient=by if plan.for_me else None, at=plan.at, next_at=plan.at)
        for plan in new
    )
    return _as_history(list(existing), plans)


def _plan_of(reminder: Reminder) -> ReminderPlan:
    return ReminderPlan(at=reminder.at, for_me=reminder.recipient_id is not None)


def _as_history(before: Sequence[ReminderPlan], after: Sequence[ReminderPlan]) -> dict[str, Change]:
    """The change as everybody may read it: when somebody reminds themselves is theirs to know."""
    old, new = ([plan.at for plan in plans if not plan.for_me] for plans in (before, after))
    return {"own_reminders": (None, None)} if sorted(old) == sorted(new) else {"reminders": (sorted(old), sorted(new))}
