"""Queue entry points."""

from celery import shared_task

from taskbell.common.clock import utc_now
from taskbell.tasks import digest, quotas, scheduled


@shared_task(name="taskbell.tasks.mark_overdue")
def mark_overdue() -> None:
    """Every TASKBELL_OVERDUE_SWEEP_SECONDS."""
    scheduled.mark_overdue(utc_now())


@shared_task(name="taskbell.tasks.find_full")
def find_full() -> None:
    """Every five minutes."""
    quotas.find_full()


@shared_task(name="taskbell.tasks.send_digests")
def send_digests() -> None:
    """Every minute, because digest times have whole minutes."""
    digest.send_digests(utc_now())


@shared_task(name="taskbell.tasks.purge_deleted")
def purge_deleted() -> None:
    """Once an hour."""
    scheduled.purge_deleted(utc_now())


@shared_task(name="taskbell.tasks.free_waiting")
def free_waiting() -> None:
    """Every ten seconds."""
    scheduled.free_waiting(utc_now())
