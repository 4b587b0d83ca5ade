"""Queue entry points."""

from threading import BoundedSemaphore

from celery import shared_task
from celery.worker import state as worker_state

from taskbell.common.clock import utc_now
from taskbell.reports import building
from taskbell.tasks import counting

# One report at a time per worker: large ones take long, and must not delay emails.
MAKER = BoundedSemaphore(1)


@shared_task(name="taskbell.reports.fold_counts")
def fold_counts() -> None:
    """Every ten seconds."""
    counting.fold()


@shared_task(name="taskbell.reports.make_waiting")
def make_waiting() -> None:
    """Every five seconds."""
    if MAKER.acquire(blocking=False):
        try:
            building.make_waiting(clock=utc_now, should_stop=lambda: worker_state.should_stop is not None)
        finally:
            MAKER.release()


@shared_task(name="taskbell.reports.forget_old")
def forget_old() -> None:
    """Once an hour."""
    building.forget_old(utc_now())
