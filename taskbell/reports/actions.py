"""What people do with reports that workers make."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import Conflict, NotFound, TooMany
from taskbell.common.locks import one_at_a_time
from taskbell.reports.models import UNFINISHED, Report, State

MOST_AT_ONCE, MOST_KEPT = 3, 20


@transaction.atomic
def request_report(person: User, kind: str, format: str, query: dict[str, str], *, now: datetime) -> Report:  # noqa: A002 - its name
    """A report for a worker to make. The oldest of very many makes room. Raises TooMany while others are in the making.

    What it tells is decided when it is made: by then the person may see more, or less.
    """
    one_at_a_time(f"reports of {person.pk}")
    mine = Report.objects.filter(person=person)
    if mine.unfinished().count() >= MOST_AT_ONCE:
        raise TooMany(f"{MOST_AT_ONCE} of your reports are still in the making. Wait for one, or delete one.", 10)
    spare = mine.exclude(state__in=UNFINISHED).order_by("-id").values_list("pk", flat=True)[MOST_KEPT - 1 :]
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
    if report.state == State.FAILED:
        raise Conflict(f"This report could not be made. {report.problem}")
    if report.state != State.DONE:
        raise Conflict("This report is still in the making.")
    if report.of_everything and not person.can(Capability.SEE_EVERYTHING):
        raise Conflict("It was made while you could see everybody's tasks. Ask for another one.")
    return report


def delete_report(person: User, report_id: int) -> None:
    """Removes the person's own report; a worker that makes it stops. Raises NotFound."""
    own_report(person, report_id).delete()
