"""Scheduled work on accounts."""

from datetime import datetime, timedelta

from taskbell.accounts.models import Attempt, Session
from taskbell.accounts.throttle import LONGEST_WINDOW
from taskbell.common.locks import in_batches

CHUNK_ROWS = 1000
KEEP_ENDED_SESSIONS = timedelta(days=30)


def forget_old_attempts(now: datetime) -> None:
    """Deletes attempts older than every limit, and sessions that ended more than 30 days ago."""
    old = Attempt.objects.filter(at__lt=now - LONGEST_WINDOW).order_by("pk").values_list("pk", flat=True)
    in_batches(lambda: Attempt.objects.filter(pk__in=list(old[:CHUNK_ROWS])).delete()[0])
    Session.objects.filter(expires_at__lt=now - KEEP_ENDED_SESSIONS).delete()
    Session.objects.filter(ended_at__lt=now - KEEP_ENDED_SESSIONS).delete()
