"""After a backup is restored, emails and reminders sent since the backup must not be sent again."""

from datetime import UTC, datetime

from django.db import transaction
from rich.console import Console

from taskbell.activity.actions import begin_epoch
from taskbell.common.clock import utc_now
from taskbell.config.language import gettext as _
from taskbell.config.language import ngettext
from taskbell.notifications.channels.mail.delivery import forget_sent_until
from taskbell.reminders.firing import forget_fired_until
from taskbell.runtime.refusals import CannotStart
from taskbell.tasks.digest import send_digests
from taskbell.tasks.scheduled import mark_overdue


def forget(sent_until: datetime) -> None:
    """Marks reminders and emails due by this instant (UTC unless it has an offset) as done.

    Runs the scheduled work first, since it creates further emails due by then. Raises CannotStart for an instant in
    the future.
    """
    moment = checked_moment(sent_until)
    with transaction.atomic():
        mark_overdue(moment)
        send_digests(moment)
        begin_epoch()
        reminders, mails = forget_fired_until(moment), forget_sent_until(moment)
    counts = {
        "reminders": ngettext("%(n)d reminder", "%(n)d reminders", reminders) % {"n": reminders},
        "emails": ngettext("%(n)d email", "%(n)d emails", mails) % {"n": mails},
    }
    said = _("Skipped %(reminders)s and %(emails)s due until %(until)s UTC.")
    Console().print(said % {**counts, "until": f"{moment:%Y-%m-%d %H:%M}"})


def checked_moment(said: datetime) -> datetime:
    """The instant, in UTC unless it has an offset. Raises CannotStart if it is in the future."""
    moment = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    if moment > utc_now():
        raise CannotStart(
            _("--sent-until: %(moment)s UTC is in the future.") % {"moment": f"{moment:%Y-%m-%d %H:%M:%S}"}
        )
    return moment
