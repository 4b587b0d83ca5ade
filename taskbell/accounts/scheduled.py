"""What the clock does about people."""

from datetime import datetime, timedelta

from taskbell.accounts.models import Attempt, Session
from taskbell.accounts.throttle import LONGEST

KEEP_ENDED_SESSIONS = timedelta(days=30)


def forget_old_attempts(now: datetime) -> None:
    """Deletes what no limit counts any more, and sessions that ended a month ago."""
    Attempt.objects.filter(at__lt=now - LONGEST).delete()
    Session.objects.filter(expires_at__lt=now - KEEP_ENDED_SESSIONS).delete()
    Session.objects.filter(ended_at__lt=now - KEEP_ENDED_SESSIONS).delete()
