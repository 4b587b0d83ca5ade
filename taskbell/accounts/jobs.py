"""Queue entry points."""

from celery import shared_task

from taskbell.accounts import scheduled
from taskbell.common.clock import utc_now


@shared_task(name="taskbell.accounts.forget_old_attempts")
def forget_old_attempts() -> None:
    """Once an hour."""
    scheduled.forget_old_attempts(utc_now())
