"""Activity: what happened, in sentences, with filters that are the address."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.payloads.activity import activity_as_json
from taskbell.search.activity import FILTERS, page_of_activity
from taskbell.tasks.models import Task
from taskbell.web.door import signed_in
from taskbell.web.shell import AppRequest

PAGE_SIZE, MOST_PEOPLE = "50", 500


@signed_in
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """The page, the newest first."""
    app = AppRequest(request)
    given: dict[str, str] = {name: str(text) for name, text in request.GET.dict().items() if name in FILTERS and text}
    cursor = request.GET.get("cursor", "")
    page = page_of_activity(given | {"cursor": cursor, "page_size": PAGE_SIZE}, app.person)
    context = {
        "days": _by_day(page.rows, app),
        "given": given,
        "people": User.objects.filter(is_active=True).order_by("name_sort", "id")[:MOST_PEOPLE],
        "further": page.next and f"?{urlencode(given | {'cursor': page.next})}",
        "here": "activity",
    }
    return app.page("app/activity.html", context)


def _by_day(rows: Any, app: AppRequest) -> list[tuple[str, list[dict[str, Any]]]]:
    """The entries under the day on which they happened, each with its sentence and the title of its task."""
    entries = activity_as_json(list(rows), app.person)
    ids = {entry["task"] for entry in entries}
    titles = dict(Task.objects.visible_to(app.person).filter(pk__in=ids).values_list("pk", "title"))
    days: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        day = app.dates.day_with_date(entry["timestamp"].astimezone(app.dates.zone).date())
        shown = {"entry": entry, "title": titles.get(entry["task"]), "time": app.dates.time(entry["timestamp"])}
        days.setdefault(day, []).append(shown)
    return list(days.items())
