"""Queue entry points."""

from celery import shared_task

from taskbell.common.clock import utc_now
from taskbell.people import scheduled


@shared_task(name="taskbell.people.notify_locked")
def notify_locked() -> None:
    """Every ten seconds."""
    scheduled.notify_locked(utc_now())
