"""Emails whose final dot was never answered."""

from datetime import datetime

from django.db.models import F

from taskbell.common.measures import MAILS, MAILS_AMBIGUOUS, UNKNOWN
from taskbell.notifications.channels.mail import reasons
from taskbell.notifications.models import Delivery, DeliveryState


def settle(now: datetime, *, max_attempts: int, attempts_per_doubt: int) -> None:
    """Once no answer can arrive any more, an email waits for another attempt, or for an administrator."""
    doubted = Delivery.objects.mails().unanswered(now)
    given_up = doubted.filter(attempt__gte=max_attempts)
    failed = given_up.finish(DeliveryState.FAILED, ambiguous=True, reason=reasons.UNANSWERED)
    again = doubted.update(ambiguous=True, attempt=F("attempt") + attempts_per_doubt, final_dot_at=None)
    if failed or again:
        MAILS.add(UNKNOWN, DeliveryState.FAILED, amount=failed)
        MAILS_AMBIGUOUS.add(amount=failed + again)
