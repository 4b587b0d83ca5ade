"""Jobs of the queue."""

from celery import shared_task

from taskbell.common.clock import utc_now
from taskbell.notifications.jobs import send_waiting
from taskbell.reminders import firing


@shared_task(name="taskbell.reminders.deliver_due")
def deliver_due() -> None:
    """Every second: fires due reminders, calls other workers to help send their emails, and sends what waits."""
    try:
        while firing.deliver_due(utc_now()):
            send_waiting.delay()
    finally:
        send_waiting.run()
