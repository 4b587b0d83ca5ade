"""Reports: counts and how they develop, as charts with tables."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.common.spreadsheet import csv_chunks
from taskbell.reports.insights import InsightsOut, insights
from taskbell.reports.questions import read_question
from taskbell.search.tasks import FILTERS
from taskbell.tasks.kinds import PRIORITIES, STATUS_WORDS
from taskbell.web.charts import Bar, bars, week_columns
from taskbell.web.door import signed_in
from taskbell.web.filters import chips_of
from taskbell.web.shell import AppRequest, ProjectLink

MAX_BARS = 12  # the others are combined


@signed_in
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The page; with `format=csv`, its numbers as a file."""
    app = AppRequest(request)
    given = {name: text for name, text in request.GET.dict().items() if name in FILTERS}
    question = read_question({**given, "group": "week", "by_project": "true"}, app.person, now=app.now)
    found = insights(question, now=app.now)
    if request.GET.get("format") == "csv":
        return _file(found)
    context = {
        "found": found,
        "figures": _figures(found, app.shell.inbox),
        "weeks": week_columns(found.get("series", []), app.dates),
        "chips": chips_of(given, app),
        "query": urlencode(given),
        "here": "reports",
    }
    return app.page("app/reports.html", context)


def _figures(found: InsightsOut, inbox: ProjectLink | None) -> list[tuple[str, list[Bar]]]:
    """The charts of bars, each with its title."""
    by_status = [(str(STATUS_WORDS[name]), n) for name, n in found["tasks_by_status"].items()]
    by_priority = [(str(PRIORITIES[name]), n) for name, n in found["tasks_by_priority"].items()]
    people = User.objects.filter(username__in=list(found["tasks_assigned"])[:1000])
    names = {person.username: person.name for person in people}
    by_person = [(names.get(username, username), n) for username, n in found["tasks_assigned"].items()]
    totals = found.get("tasks_by_project", [])
    inboxes = _inboxes([one["id"] for one in totals][:1000], inbox.id if inbox else None)
    by_project = [(inboxes.get(one["id"], one["name"]), one["total"]) for one in totals]
    return [
        (_("By status"), bars(by_status, kinds=list(STATUS_WORDS))),
        (_("By priority"), bars(by_priority)),
        (_("Assigned to"), bars(_most(by_person))),
        (_("By project"), bars(_most(by_project))),
    ]


def _inboxes(projects: list[int], own: int | None) -> dict[int, str]:
    """The names of those that are Inboxes: the reader's own, and those of other people."""
    people = {
        person.inbox_id: person.name for person in User.objects.annotate(inbox_id=F("inbox")).filter(inbox__in=projects)
    }
    return {pk: _("Inbox") if pk == own else _("Inbox of %(name)s") % {"name": name} for pk, name in people.items()}


def _most(counts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those with the most tasks, and the others together. Two can have the same name."""
    ranked = sorted(counts, key=lambda one: (-one[1], one[0]))
    rest = sum(n for _name, n in ranked[MAX_BARS:])
    return ranked[:MAX_BARS] + ([(_("others"), rest)] if rest else [])


def _file(found: InsightsOut) -> HttpResponse:
    """One row for each number: section, name, value."""
    sections = ("tasks_by_status", "tasks_by_priority", "tasks_assigned", "tasks_created")
    numbers: Any = found
    rows: list[Sequence[Any]] = [("section", "name", "tasks")]
    rows += [(section, name, n) for section in sections for name, n in numbers[section].items()]
    rows += [("tasks_by_project", one["name"], one["total"]) for one in found.get("tasks_by_project", [])]
    for one in found.get("series", []):
        rows += [(f"week {one['from']}", name, one[name]) for name in ("created", "completed", "overdue")]  # type: ignore[literal-required]
    response = HttpResponse(b"".join(csv_chunks(rows, text_columns=(0, 1))), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="taskbell-report.csv"'
    return response
