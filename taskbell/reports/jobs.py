"""Queue entry points."""

from celery import shared_task

from taskbell.reports import counting


@shared_task(name="taskbell.reports.fold_counts")
def fold_counts() -> None:
    """Every ten seconds."""
    counting.fold()
