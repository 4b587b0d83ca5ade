"""Activity: what happened, in sentences, with filters that are the address."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from taskbell.common.folding import sort_key
from taskbell.common.values import read_field, read_id
from taskbell.payloads.activity import activity_as_json, names_of_entries
from taskbell.search.activity import FILTERS, last_activity
from taskbell.web.door import signed_in
from taskbell.web.shell import AppRequest

PAGE_SIZE = 50


@signed_in
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """The page, the newest first."""
    app = AppRequest(request)
    given: dict[str, str] = {name: str(text) for name, text in request.GET.dict().items() if name in FILTERS and text}
    before = read_field("before", read_id, request.GET["before"]) if request.GET.get("before") else None
    entries: Any = last_activity(given, app.person, before=before, most=PAGE_SIZE + 1)
    shown, is_all = entries[:PAGE_SIZE], len(entries) <= PAGE_SIZE
    names = names_of_entries(shown, app.person, everybody=True)
    context = {
        "days": _by_day(shown, activity_as_json(shown, app.person, names=names), app),
        "given": given,
        "people": sorted(names.people.items(), key=lambda one: sort_key(one[1])),
        "further": "" if is_all else f"?{urlencode(given | {'before': shown[-1].pk})}",
        "here": "activity",
    }
    return app.page("app/activity.html", context)


def _by_day(rows: Any, entries: Any, app: AppRequest) -> list[tuple[str, list[dict[str, Any]]]]:
    """The entries under the day on which they happened, each with its sentence and the title of its task."""
    days: dict[str, list[dict[str, Any]]] = {}
    for row, entry in zip(rows, entries, strict=True):
        day = app.dates.day_with_date(entry["timestamp"].astimezone(app.dates.zone).date())
        shown = {"entry": entry, "title": row.shown_title, "time": app.dates.time(entry["timestamp"])}
        days.setdefault(day, []).append(shown)
    return list(days.items())
