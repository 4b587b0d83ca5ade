"""Live updates of a page: single rows as they are now, and where they belong; or that they are gone."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from taskbell.common.errors import invalid
from taskbell.common.values import read_field, read_id
from taskbell.web import board, calendar, finding, project_pages, task_list, today, upcoming
from taskbell.web.door import fragment, signed_in
from taskbell.web.rows import rows_of
from taskbell.web.shell import AppRequest

MAX_IDS = 50  # for more, the page is read again
Placing = Callable[..., list[tuple[int, str, str]]]
NO_TASKS: tuple[Placing, str] = (lambda *_parameters, **_only: [], "web/app/row.html")
# How each page places tasks, and the template of one.
VIEWS: dict[str, tuple[Placing, str]] = {
    "task": NO_TASKS,  # it has no lists: it is read again when its task changes
    "home": (today.placed, "web/app/row.html"),
    "board": (board.placed, "web/app/card.html"),
    "calendar-period": (calendar.placed, "web/app/day_task.html"),
    "project": (project_pages.placed, "web/app/row.html"),
    "project-board": (project_pages.placed_in_board, "web/app/card.html"),
    "project-calendar-period": (calendar.placed, "web/app/day_task.html"),
    "search": (finding.placed, "web/app/row.html"),
    "tasks": (task_list.placed, "web/app/line.html"),
    "trash": NO_TASKS,  # what has changed is no longer there
    "upcoming": (upcoming.placed, "web/app/row.html"),
}


@signed_in
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """`ids` of tasks, as the page at the address `view` shows them; for a page without tasks, only the navigation."""
    app = AppRequest(request)
    ids = _ids(request.GET.get("ids", ""))
    name, parameters = _view(request.GET.get("view", ""))
    placing, template = VIEWS.get(name, NO_TASKS)
    rows = rows_of(placing(parameters, app.person, app.dates, only=ids), app.person, app.dates)
    gone = [pk for pk in ids if pk not in {row.task.pk for row in rows}] if name in VIEWS else []
    context = {"rows": rows, "gone": gone, "row_template": template, "shell": app.shell, "person": app.person}
    return fragment(request, "app/live.html", context | {"here": _here(request.GET.get("here", ""))})


def _here(text: str) -> int | str:
    """What marks the page in the navigation: the id of a project, or a name."""
    return read_field("here", read_id, text) if text.isdecimal() else text


def _ids(text: str) -> list[int]:
    parts = [part for part in text.split(",") if part]
    if len(parts) > MAX_IDS:
        raise invalid("ids", "max_length", _("Must have at most %(most)s ids.") % {"most": MAX_IDS})
    return [read_field("ids", read_id, part) for part in parts]


def _view(address: str) -> tuple[str, dict[str, Any]]:
    """The name of the page at the address, with the parameters of its path and query. Raises Invalid."""
    try:
        parts = urlsplit(address)
        match = resolve(parts.path)
    except Resolver404:
        return "", {}  # the page that says so has the navigation as well
    except ValueError as error:
        raise invalid("view", "invalid", _("Must be the address of a page with tasks.")) from error
    return match.url_name or "", QueryDict(parts.query).dict() | match.kwargs
