"""The questions in an emergency, with short answers on the admin's first page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from taskbell.accounts.lockout import people_under_attack
from taskbell.accounts.models import User
from taskbell.common.admin_filters import GRACE
from taskbell.common.reader_dates import ReaderDates
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.reminders.models import Reminder
from taskbell.reports.models import Report, ReportState

LATEST = 1000  # rows: the number of failures among all would need a scan


@dataclass(frozen=True)
class AdminQuestion:
    """A question, its answer now, and the list that shows it."""

    words: str
    answer: str
    is_alarming: bool
    address: str


def questions(dates: ReaderDates, *, now: datetime) -> list[AdminQuestion]:
    """The questions with their answers, by one or two queries each, however many rows there are."""
    return [_who_cannot_sign_in(now), _failed_emails(), _late_emails(dates, now), _late_reminders(now), _reports()]


def _who_cannot_sign_in(now: datetime) -> AdminQuestion:
    blocked = len(people_under_attack(now=now))
    left = User.objects.filter(is_active=False).count()
    said = [
        ngettext("%(n)d account deactivated", "%(n)d accounts deactivated", left) % {"n": left},
        ngettext("%(n)d with too many attempts", "%(n)d with too many attempts", blocked) % {"n": blocked},
    ]
    address = f"{reverse('admin:accounts_user_changelist')}?sign_in=no"
    return AdminQuestion(_("Who can't sign in?"), ", ".join(said), blocked > 0, address)


def _failed_emails() -> AdminQuestion:
    failed = _count_latest(Delivery.objects.mails(), DeliveryState.FAILED)
    said = ngettext("%(n)d of the latest 1,000", "%(n)d of the latest 1,000", failed) % {"n": failed}
    address = f"{reverse('admin:notifications_notification_changelist')}?deliveries__state__exact=failed"
    return AdminQuestion(_("Which emails failed, and why?"), said, failed > 0, address)


def _late_emails(dates: ReaderDates, now: datetime) -> AdminQuestion:
    oldest = now - Delivery.objects.lateness(now)
    is_late = oldest < now - GRACE
    said = _("the oldest since %(when)s") % {"when": dates.in_sentence(dates.moment(oldest))}
    address = f"{reverse('admin:notifications_notification_changelist')}?late=yes"
    return AdminQuestion(_("Which emails are late?"), said if is_late else _("nothing is late"), is_late, address)


def _late_reminders(now: datetime) -> AdminQuestion:
    late = Reminder.objects.due(now - GRACE).count()
    said = ngettext("%(n)d reminder", "%(n)d reminders", late) % {"n": late} if late else _("nothing is late")
    address = f"{reverse('admin:reminders_reminder_changelist')}?late=yes"
    return AdminQuestion(_("Which reminders are late?"), said, late > 0, address)


def _reports() -> AdminQuestion:
    failed = _count_latest(Report.objects.all(), ReportState.FAILED)
    said = ngettext("%(n)d failed", "%(n)d failed", failed) % {"n": failed}
    address = f"{reverse('admin:reports_report_changelist')}?state__exact=failed"
    return AdminQuestion(_("Which reports and imports failed?"), said, failed > 0, address)


def _count_latest(rows: QuerySet[Any], state: str) -> int:
    """How many of the latest are in this state."""
    return list(rows.order_by("-id").values_list("state", flat=True)[:LATEST]).count(state)
