"""Queue entry points."""

from celery import shared_task

from taskbell.api import idempotency
from taskbell.common.clock import utc_now


@shared_task(name="taskbell.api.forget_answers")
def forget_answers() -> None:
    """Once an hour."""
    idempotency.forget_answers(utc_now())
