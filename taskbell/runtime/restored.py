"""After a backup was restored, the clock must not repeat what has happened since it was made."""

from datetime import UTC, datetime

from rich.console import Console

from taskbell.notifications.delivery import forget_sent_until
from taskbell.reminders.delivery import forget_fired_until


def forget(sent_until: datetime) -> None:
    """Takes reminders and mails that were due by this moment (UTC) for done."""
    moment = sent_until.replace(tzinfo=UTC) if sent_until.tzinfo is None else sent_until
    reminders, mails = forget_fired_until(moment), forget_sent_until(moment)
    Console().print(f"{reminders} reminders and {mails} mails that were due until {moment:%Y-%m-%d %H:%M} UTC rest.")
