"""Queue entry points."""

from threading import BoundedSemaphore

from celery import shared_task
from celery.worker import state as worker_state

from taskbell.api import idempotency, reports
from taskbell.common.clock import utc_now
from taskbell.reports.building import make_waiting

# One report at a time in a worker: large ones take long, and mails are not to wait for them.
MAKER = BoundedSemaphore(1)


@shared_task(name="taskbell.api.forget_answers")
def forget_answers() -> None:
    """Once an hour."""
    idempotency.forget_answers(utc_now())


@shared_task(name="taskbell.reports.make_waiting")
def make_reports() -> None:
    """Every five seconds. Here, because only this door knows what the filters of a report mean."""
    if MAKER.acquire(blocking=False):
        try:
            make_waiting(reports.ask, clock=utc_now, should_stop=lambda: worker_state.should_stop is not None)
        finally:
            MAKER.release()
