"""After a backup was restored, the clock must not repeat what has happened since it was made."""

from datetime import UTC, datetime

from django.db import transaction
from rich.console import Console

from taskbell.activity.actions import begin_epoch
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail.delivery import forget_sent_until
from taskbell.reminders.firing import forget_fired_until
from taskbell.runtime.refusals import CannotStart
from taskbell.tasks.digest import send_digests
from taskbell.tasks.scheduled import mark_overdue


def forget(sent_until: datetime) -> None:
    """Takes reminders and mails that were due by this moment, in UTC unless it says otherwise, for done.

    The clock catches up first: mails that the backup does not know of yet are due by then as well. Raises CannotStart
    for a moment to come, before which nothing can have been sent.
    """
    moment = sent_until.replace(tzinfo=UTC) if sent_until.tzinfo is None else sent_until.astimezone(UTC)
    if moment > utc_now():
        raise CannotStart(f"--sent-until: {moment:%Y-%m-%d %H:%M:%S} UTC is still to come.")
    with transaction.atomic():
        mark_overdue(moment)
        send_digests(moment)
        begin_epoch()
        reminders, mails = forget_fired_until(moment), forget_sent_until(moment)
    Console().print(f"{reminders} reminders and {mails} mails that were due until {moment:%Y-%m-%d %H:%M} UTC rest.")
