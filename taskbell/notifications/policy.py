"""Whether an email should still go out: asked again right before it is sent."""

from datetime import datetime, timedelta

from taskbell.common.clock import instant, wall_time
from taskbell.notifications.kinds import find_kind
from taskbell.notifications.models import Notification


def reason_not_to_send(notification: Notification) -> str | None:
    """Why the email must not go out any more, or None if it should."""
    kind = find_kind(notification.kind)
    if kind is None:
        return "Cancelled because Taskbell no longer sends emails of this kind."
    return _recipient_reason(notification) or kind.reason_not_to_send(notification)


def _recipient_reason(notification: Notification) -> str | None:
    person, task = notification.recipient, notification.task
    if person is None:
        return None
    if not person.is_active:
        return "Cancelled because the account is deactivated."
    if not person.email:
        return "Cancelled because the person has no email address."
    if task is not None and not task.is_visible_to(person):
        return "Cancelled because the person no longer has access to the task."
    if not person.profile.wants(notification.kind):
        return "Cancelled because the person switched off emails of this kind."
    return None


def quiet_until(notification: Notification, *, now: datetime) -> datetime | None:
    """When the recipient's quiet hours end, if this email has to wait for that."""
    kind, person = find_kind(notification.kind), notification.recipient
    if kind is None or person is None or kind.ignores_quiet_hours(person.profile):
        return None
    profile = person.profile
    begin, end = profile.quiet_from, profile.quiet_until
    if begin is None or end is None or begin == end:
        return None
    local = wall_time(now, profile.timezone)
    over_midnight = begin > end
    is_quiet = (local.time() >= begin or local.time() < end) if over_midnight else begin <= local.time() < end
    if not is_quiet:
        return None
    last_day = local.date() + timedelta(days=over_midnight and local.time() >= begin)
    return max(instant(last_day, end, profile.timezone), now + timedelta(seconds=1))
