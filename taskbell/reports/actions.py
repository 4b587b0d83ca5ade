"""Requesting, reading and deleting reports."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.errors import Conflict, NotFound, TooMany, invalid
from taskbell.common.locks import one_at_a_time
from taskbell.projects.audience import keys_of
from taskbell.reports.models import UNFINISHED, Format, Report, ReportKind, ReportState
from taskbell.reports.questions import read_question

MAX_UNFINISHED, MAX_REPORTS = 3, 20


@transaction.atomic
def request_report(person: User, kind: str, format: str, query: dict[str, str], *, now: datetime) -> Report:  # noqa: A002 - its name
    """Requests a report, built by a worker. Beyond MAX_REPORTS, the oldest is deleted. Raises Invalid, TooMany.

    Its content reflects what the person can see when it is built.
    """
    if kind == ReportKind.INSIGHTS and format == Format.ICS:
        raise invalid(
            "format", "invalid_choice", _("Can't be ics, because insights are not tasks. Use json, csv or xlsx.")
        )
    read_question(query, person, kind=kind, now=now)  # refuses invalid filters now rather than in the worker
    one_at_a_time(f"reports of {person.pk}")
    mine = Report.objects.filter(person=person)
    if mine.unfinished().count() >= MAX_UNFINISHED:
        raise TooMany(
            _("%(unfinished)s of your reports are still in progress. Wait for one to finish, or delete one.")
            % {"unfinished": MAX_UNFINISHED},
            10,
        )
    spare = mine.exclude(state__in=UNFINISHED).order_by("-id").values_list("pk", flat=True)[MAX_REPORTS - 1 :]
    Report.objects.filter(pk__in=list(spare)).delete()
    return Report.objects.create(person=person, kind=kind, format=format, query=query, created_at=now)


def own_report(person: User, report_id: int) -> Report:
    """The person's own report. Raises NotFound."""
    report = Report.objects.filter(person=person, pk=report_id).first()
    if report is None:
        raise NotFound
    return report


def finished_report(person: User, report_id: int) -> Report:
    """The person's own finished report, for download. Raises NotFound, Conflict."""
    report = own_report(person, report_id)
    if report.state == ReportState.FAILED and not report.size:
        raise Conflict(_("Can't download this report, because it failed. %(problem)s") % {"problem": _(report.problem)})
    if report.state in UNFINISHED:
        raise Conflict(_("Can't download this report, because it is still in progress. Try again later."))
    if report.kind != ReportKind.IMPORT and not keys_of(person).issuperset(report.keys or ()):
        raise Conflict(
            _("Can't download this report, because you can no longer see everything that it covers. Request a new one.")
        )
    return report


def delete_report(person: User, report_id: int) -> None:
    """Deletes the person's own report; a worker that is building it stops. Raises NotFound."""
    own_report(person, report_id).delete()
