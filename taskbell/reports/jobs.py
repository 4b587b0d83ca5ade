"""Queue entry points."""

from celery import shared_task

from taskbell.common.clock import utc_now
from taskbell.reports import building, counting


@shared_task(name="taskbell.reports.fold_counts")
def fold_counts() -> None:
    """Every ten seconds."""
    counting.fold()


@shared_task(name="taskbell.reports.forget_old")
def forget_old() -> None:
    """Once an hour."""
    building.forget_old(utc_now())
