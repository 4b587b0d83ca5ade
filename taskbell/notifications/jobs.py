"""Queue entry points."""

from threading import BoundedSemaphore

from celery import shared_task
from celery.worker import state as worker_state
from django.conf import settings
from django.core.cache import cache

from taskbell.common.clock import utc_now
from taskbell.notifications import delivery

# One thread of a worker is left for everything else: a thousand mails must not keep new reminders from firing.
SENDERS = BoundedSemaphore(max(1, settings.TASKBELL_WORKER_THREADS - 1))
TICKED_AT = "clock.ticked_at"


@shared_task(name="taskbell.notifications.send_waiting")
def send_waiting() -> None:
    """Every second. Leaves a note of when, for `/readyz`."""
    cache.set(TICKED_AT, utc_now().timestamp(), timeout=None)
    if SENDERS.acquire(blocking=False):
        try:
            delivery.send_waiting(clock=utc_now, should_stop=lambda: worker_state.should_stop is not None)
        finally:
            SENDERS.release()
