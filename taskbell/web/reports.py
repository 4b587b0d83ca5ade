"""Reports: counts and their development as charts, each with its table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.common.spreadsheet import csv_chunks
from taskbell.reports.insights import InsightsOut, insights
from taskbell.reports.questions import read_question
from taskbell.search.tasks import FILTERS
from taskbell.web.dates import Dates
from taskbell.web.door import refused, signed_in
from taskbell.web.filters import PRIORITIES, STAGES, chips_of
from taskbell.web.shell import AppRequest

MOST_PEOPLE = 12  # bars; the others are one
WIDTH, HEIGHT, GAP = 720, 180, 0.3  # of a chart of columns
DAY = 24 * 3600


@dataclass(frozen=True)
class Bar:
    """A value with its name; `share` is its length in percent of the longest."""

    name: str
    value: int
    share: float
    kind: str = ""


@dataclass(frozen=True)
class WeekColumn:
    """A period with two values, as rectangles of the chart."""

    name: str
    created: int
    completed: int
    x: float
    width: float
    created_top: float
    completed_top: float


@dataclass(frozen=True)
class Chart:
    """Numbers per week."""

    columns: list[WeekColumn] = field(default_factory=list)
    most: int = 0
    medians: list[tuple[str, str]] = field(default_factory=list)


@signed_in
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The page; with `format=csv`, its numbers as a file."""
    app = AppRequest(request)
    given = {name: text for name, text in request.GET.dict().items() if name in FILTERS}
    try:
        found = insights(read_question({**given, "group": "week"}, app.person, now=app.now), now=app.now)
    except Refusal as refusal:
        return refused(request, refusal)
    if request.GET.get("format") == "csv":
        return _file(found)
    names = _names(found)
    context = {
        "found": found,
        "by_status": _bars({str(STAGES[name]): n for name, n in found["tasks_by_status"].items()}, kinds=list(STAGES)),
        "by_priority": _bars({str(PRIORITIES[name]): n for name, n in found["tasks_by_priority"].items()}),
        "by_person": _bars(_most(found["tasks_assigned"], names)),
        "chart": (chart := _chart(found.get("series", []), app.dates)),
        "rows": list(zip(chart.columns, [words for _name, words in chart.medians], strict=True)),
        "chips": chips_of(given, app),
        "query": urlencode(given),
        "here": "reports",
    }
    return app.page("app/reports.html", context)


def _names(found: InsightsOut) -> dict[str, str]:
    people = User.objects.filter(username__in=list(found["tasks_assigned"])[:1000])
    return {person.username: person.name for person in people}


def _most(counts: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    """The people with the most tasks, and the others together."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = {names.get(username, username): n for username, n in ranked[:MOST_PEOPLE]}
    rest = sum(n for _name, n in ranked[MOST_PEOPLE:])
    return shown | ({_("others"): rest} if rest else {})


def _bars(counts: Mapping[str, int], *, kinds: Sequence[str] = ()) -> list[Bar]:
    longest = max(counts.values(), default=0) or 1
    named = kinds or [""] * len(counts)
    return [
        Bar(name, n, round(100 * n / longest, 1), kind.lower())
        for (name, n), kind in zip(counts.items(), named, strict=False)
    ]


def _chart(periods: Sequence[Any], dates: Dates) -> Chart:
    most = max((max(one["created"], one["completed"]) for one in periods), default=0)
    if not most:
        return Chart()
    slot = WIDTH / len(periods)
    bar = slot * (1 - GAP) / 2
    columns = [
        WeekColumn(
            name=_week(one["from"], dates),
            created=one["created"],
            completed=one["completed"],
            x=round(place * slot + slot * GAP / 2, 1),
            width=round(bar, 1),
            created_top=round(HEIGHT * (1 - one["created"] / most), 1),
            completed_top=round(HEIGHT * (1 - one["completed"] / most), 1),
        )
        for place, one in enumerate(periods)
    ]
    medians = [(_week(one["from"], dates), _span(one["median_seconds_to_complete"])) for one in periods]
    return Chart(columns, most, medians)


def _week(day: date, dates: Dates) -> str:
    return dates.short_day(day)


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < DAY:
        return _("%(n).1f hours") % {"n": seconds / 3600}
    return _("%(n).1f days") % {"n": seconds / DAY}


def _file(found: InsightsOut) -> HttpResponse:
    """One row for each number: section, name, value."""
    sections = ("tasks_by_status", "tasks_by_priority", "tasks_assigned", "tasks_created")
    numbers: Any = found
    rows: list[Sequence[Any]] = [("section", "name", "tasks")]
    rows += [(section, name, n) for section in sections for name, n in numbers[section].items()]
    for one in found.get("series", []):
        rows += [(f"week {one['from']}", name, one[name]) for name in ("created", "completed", "overdue")]  # type: ignore[literal-required]
    response = HttpResponse(b"".join(csv_chunks(rows, text_columns=(0, 1))), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="taskbell-report.csv"'
    return response
