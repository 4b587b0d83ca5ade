"""Emails whose final dot was never answered."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F

from taskbell.common.measures import MAILS, MAILS_AMBIGUOUS
from taskbell.notifications.channels.mail import reasons
from taskbell.notifications.models import Delivery, DeliveryState

Doubt = tuple[str, bool]  # the kind of the email, and whether no attempt follows


def settle(now: datetime, *, max_attempts: int, attempts_per_doubt: int) -> list[Doubt]:
    """Once no answer can arrive any more, an email waits for another attempt, or for an administrator."""
    doubted = Delivery.objects.mails().unanswered(now).select_related("notification")
    mails = list(doubted.only("attempt", "notification__kind").select_for_update(of=("self",), skip_locked=True))
    failed = [mail.pk for mail in mails if mail.attempt >= max_attempts]
    again = [mail.pk for mail in mails if mail.attempt < max_attempts]
    if failed:
        rows = Delivery.objects.filter(pk__in=failed)
        rows.finish(DeliveryState.FAILED, ambiguous=True, reason=reasons.UNANSWERED)
    if again:
        rows = Delivery.objects.filter(pk__in=again)
        rows.update(ambiguous=True, attempt=F("attempt") + attempts_per_doubt, final_dot_at=None)
    return [(mail.notification.kind, mail.pk in failed) for mail in mails]


def count(doubted: Iterable[Doubt]) -> None:
    """Call it once they are committed."""
    for kind, has_failed in doubted:
        MAILS_AMBIGUOUS.add()
        if has_failed:
            MAILS.add(kind, DeliveryState.FAILED)
