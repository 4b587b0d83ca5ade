"""Whether an email should still go out: asked again right before it is sent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from taskbell.common.clock import instant, wall_time
from taskbell.notifications.kinds import Kind, find_kind, registered
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.projects.audience import load_keys

MAX_A_DAY_UNCONFIRMED = 5
UNCONFIRMED = gettext_noop("Cancelled because the person has not confirmed their email address.")
TOO_MANY_UNCONFIRMED = gettext_noop("Cancelled because an unconfirmed address gets only a few emails a day.")


def reason_not_to_send(notification: Notification) -> str | None:
    """Why the email must not go out any more, or None if it should."""
    kind = find_kind(notification.kind)
    if kind is None:
        return gettext_noop("Cancelled because Taskbell no longer sends emails of this kind.")
    return recipient_reason(notification, kind) or kind.reason_not_to_send(notification)


def load_recipients(mails: Iterable[Delivery]) -> None:
    """Reads what the recipients of these emails can see, in one query."""
    load_keys([mail.notification.recipient for mail in mails if mail.notification.recipient])


def recipient_reason(notification: Notification, kind: Kind) -> str | None:
    """Why the recipient gets no such email, whatever has happened since. Without a query for what others caused."""
    return _access_reason(notification) or _unconfirmed_reason(notification, kind)


def _access_reason(notification: Notification) -> str | None:
    person, task = notification.recipient, notification.task
    if person is None or notification.address:
        return None
    if not person.is_active:
        return gettext_noop("Cancelled because the account is deactivated.")
    if not person.email:
        return gettext_noop("Cancelled because the person has no email address.")
    if task is not None and not task.is_visible_to(person):
        return gettext_noop("Cancelled because the person no longer has access to the task.")
    if task is not None and task.project.archived_at is not None:
        return gettext_noop("Cancelled because the project is archived.")
    if not person.profile.wants(notification.kind):
        return gettext_noop("Cancelled because the person switched off emails of this kind.")
    return None


def _unconfirmed_reason(notification: Notification, kind: Kind) -> str | None:
    """An unconfirmed address may be a stranger's: it gets nothing that others cause, and few of its own emails."""
    person = notification.recipient
    if person is None or person.email_confirmed or kind.for_unconfirmed:
        return None
    if not kind.is_own(notification):
        return UNCONFIRMED
    before = Notification.objects.filter(
        recipient=person,
        pk__lt=notification.pk,
        created_at__gte=notification.created_at.replace(hour=0, minute=0, second=0, microsecond=0),
        deliveries__in=Delivery.objects.mails().filter(caused_by=None).exclude(state=DeliveryState.CANCELLED),
    ).exclude(kind__in=[each.name for each in registered() if each.for_unconfirmed])
    return (
        TOO_MANY_UNCONFIRMED if len(before.values_list("pk")[:MAX_A_DAY_UNCONFIRMED]) == MAX_A_DAY_UNCONFIRMED else None
    )


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
