"""Queue entry points."""

from celery import shared_task
from celery.worker import state as worker_state
from django.conf import settings
from django.core.cache import cache

from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail import delivery
from taskbell.notifications.channels.mail.sender_pool import SenderPool

# One thread of a worker is left for everything else: a thousand emails must not keep new reminders from firing.
SENDERS = SenderPool(size_limit=max(1, settings.TASKBELL_WORKER_THREADS - 1))
TICKED_AT = "clock.ticked_at"


@shared_task(name="taskbell.notifications.send_waiting")
def send_waiting() -> None:
    """At every tick, and when many reminders fire at once. Keeps the time for `/readyz`."""
    cache.set(TICKED_AT, utc_now().timestamp(), timeout=None)
    with SENDERS.joined() as is_wanted:
        if is_wanted:
            delivery.send_waiting(clock=utc_now, should_stop=_should_stop)


def _should_stop() -> bool:
    """Asked by each sender before each of its rounds."""
    SENDERS.report_progress()
    return worker_state.should_stop is not None
