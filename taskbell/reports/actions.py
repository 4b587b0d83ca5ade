"""What people do with reports that workers make."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.common.errors import Conflict, NotFound, TooMany
from taskbell.common.locks import one_at_a_time
from taskbell.reports.models import UNFINISHED, Report, ReportState
from taskbell.reports.questions import read_question
from taskbell.tasks.audience import sees_everything

MAX_UNFINISHED, MAX_REPORTS = 3, 20


@transaction.atomic
def request_report(person: User, kind: str, format: str, query: dict[str, str], *, now: datetime) -> Report:  # noqa: A002 - its name
    """Asks for a report that a worker makes; beyond MAX_REPORTS, the oldest is deleted. Raises Invalid, TooMany.

    Its content is decided when it is made: by then the person may see more, or less.
    """
    read_question(query, person, kind=kind, now=now)  # refuses now what the worker could not understand
    one_at_a_time(f"reports of {person.pk}")
    mine = Report.objects.filter(person=person)
    if mine.unfinished().count() >= MAX_UNFINISHED:
        raise TooMany(f"{MAX_UNFINISHED} of your reports are still being made. Wait for one, or delete one.", 10)
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
    """The person's own report, to be downloaded. Raises NotFound, Conflict."""
    report = own_report(person, report_id)
    if report.state == ReportState.FAILED:
        raise Conflict(f"This report could not be made. {report.problem}")
    if report.state != ReportState.DONE:
        raise Conflict("This report is still in the making.")
    if report.of_everything and not sees_everything(person):
        raise Conflict("It was made while you could see everybody's tasks. Ask for another one.")
    return report


def delete_report(person: User, report_id: int) -> None:
    """Removes the person's own report; a worker that makes it stops. Raises NotFound."""
    own_report(person, report_id).delete()
