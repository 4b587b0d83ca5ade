"""The email that a reminder sends."""

from django.utils.translation import gettext_noop

from taskbell.notifications.kinds import Kind
from taskbell.notifications.models import Notification


def _is_finished(reminder: Notification) -> str | None:
    is_open = reminder.task is not None and reminder.task.is_open
    return None if is_open else gettext_noop("Cancelled because the task is finished.")


REMINDER = Kind(
    "reminder",
    title=gettext_noop("Reminder"),
    switch=gettext_noop("A reminder is due"),
    is_own=lambda reminder: reminder.data.get("is_own", False),
    ignores_quiet_hours=lambda profile: not profile.quiet_reminders,
    reason_not_to_send=_is_finished,
    has_buttons=True,
    compiled=True,
)
KINDS = (REMINDER,)
