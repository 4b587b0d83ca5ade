"""All tasks: a table with the filters and orders of the API, its address a link that others can open."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.common.folding import sort_key
from taskbell.search.parameters import Parameters
from taskbell.search.tasks import FILTERS, ORDERS, matching_tasks, page_of_tasks
from taskbell.tasks.kinds import STATUSES
from taskbell.web.dates import Dates
from taskbell.web.door import signed_in
from taskbell.web.filters import chips_of
from taskbell.web.rows import rows_of
from taskbell.web.shell import AppRequest
from taskbell.web.words import FIELDS

PAGE_SIZE = 100
OPEN = {"stage": "PENDING,IN_PROGRESS", "ordering": "due_at"}  # what the page shows at first
HEADS = (
    ("title", _("Task")),
    ("project", _("Project")),
    ("due_at", _("Due")),
    ("priority", _("Priority")),
    ("", _("Assigned to")),
)
SECTION = "all"


@dataclass(frozen=True)
class ColumnHead:
    """A column, with the address of the list in its order."""

    name: str
    words: Any
    address: str
    order: str  # for aria-sort


def parameters_of(given: Mapping[str, str]) -> dict[str, str]:
    """The filters and the order of the page; open tasks, the soonest due first, unless the address says otherwise."""
    known = {name: text for name, text in given.items() if name in FILTERS or name == "ordering"}
    return OPEN | known if not known.keys() - {"ordering"} else {"ordering": OPEN["ordering"]} | known


def placed(
    parameters: Parameters, person: User, dates: Dates, *, only: Collection[int] | None = None
) -> list[tuple[int, str, str]]:
    """The ids of `only` those tasks that the page shows, in no order. Raises Invalid."""
    given = parameters_of(parameters)
    ordering = given.pop("ordering")
    matching = matching_tasks(given, person).filter(pk__in=only or [])
    return [(task.pk, SECTION, sort_text(task, ordering)) for task in matching.select_related("project")]


def sort_text(task: Any, ordering: str) -> str:
    """Where the row is in a list in the order of one column; among equal ones, by id. Without a due date: last."""
    match ordering.removeprefix("-"):
        case "title":
            value = sort_key(task.title)
        case "project":
            value = sort_key(task.project.name)
        case "status":
            value = str(STATUSES.index(task.status))
        case "priority":
            value = str(task.priority)
        case "due_at" | "due_date":
            last = "" if ordering.startswith("-") else "~"
            value = task.due_at.isoformat() if task.due_at else last
        case "created_at" | "updated_at" as name:
            value = getattr(task, name).isoformat()
        case _:
            value = ""
    return f"{value} {task.pk:012d}"


@signed_in
@require_safe
def task_list(request: HttpRequest) -> HttpResponse:
    """The page; with `page`, also its further rows."""
    app = AppRequest(request)
    given = parameters_of(request.GET.dict())
    page = page_of_tasks(given | {"page": request.GET.get("page", "1"), "page_size": str(PAGE_SIZE)}, app.person)
    chips = chips_of(given, app)
    rows = rows_of([(pk, SECTION, "") for pk in page.rows], app.person, app.dates)
    context = {
        "rows": [replace(row, given_sort=sort_text(row.task, given["ordering"])) for row in rows],
        "count": page.count,
        "further": page.next and f"?{urlencode(given | {'page': page.next})}",
        "heads": [_head(name, words, given) for name, words in HEADS],
        "chips": chips,
        "query": urlencode(given),
        "views": app.person.profile.saved_views,
        "descending": given["ordering"].startswith("-"),
        "bulk_fields": FIELDS.items(),
        "here": "tasks",
    }
    return app.page("app/tasks.html", context)


def _head(name: str, words: Any, given: dict[str, str]) -> ColumnHead:
    current = given["ordering"]
    is_current = name != "" and current.removeprefix("-") == name
    order = "" if not is_current else "descending" if current.startswith("-") else "ascending"
    to = f"-{name}" if order == "ascending" else name
    return ColumnHead(name, words, f"?{urlencode(given | {'ordering': to})}" if name in ORDERS else "", order or "none")
