"""Scheduled work on accounts."""

from datetime import datetime, timedelta

from taskbell.accounts.models import Attempt, Session
from taskbell.accounts.throttle import LONGEST_WINDOW

KEEP_ENDED_SESSIONS = timedelta(days=30)


def forget_old_attempts(now: datetime) -> None:
    """Deletes attempts older than every limit, and sessions that ended more than 30 days ago."""
    Attempt.objects.filter(at__lt=now - LONGEST_WINDOW).delete()
    Session.objects.filter(expires_at__lt=now - KEEP_ENDED_SESSIONS).delete()
    Session.objects.filter(ended_at__lt=now - KEEP_ENDED_SESSIONS).delete()
