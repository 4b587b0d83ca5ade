"""Finding things: the search and the palette."""

from collections.abc import Collection

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.search.parameters import Parameters
from taskbell.search.tasks import matching_tasks, page_of_tasks
from taskbell.tasks.models import Task
from taskbell.web.dates import Dates
from taskbell.web.door import signed_in
from taskbell.web.rows import rows_of
from taskbell.web.shell import AppRequest

PAGE_SIZE, LAST = 50, 8
SECTION = "found"


def placed(
    parameters: Parameters, person: User, dates: Dates, *, only: Collection[int] | None = None
) -> list[tuple[int, str, str]]:
    """The ids of `only` those tasks that have the words. Raises Invalid."""
    words = parameters.get("q", "").strip()
    found = matching_tasks({"q": words}, person).filter(pk__in=only or []) if words else Task.objects.none()
    return [(pk, SECTION, "") for pk in found.values_list("pk", flat=True)]


@signed_in
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The tasks with all of the words, the last changed first; without words, the form."""
    app, words = AppRequest(request), request.GET.get("q", "").strip()
    page = None
    if words:
        given = {"q": words, "ordering": "-updated_at", "page_size": str(PAGE_SIZE)}
        page = page_of_tasks(given | {"page": request.GET.get("page", "1")}, app.person)
    rows = rows_of([(pk, SECTION, "") for pk in page.rows], app.person, app.dates) if page else []
    context = {
        "words": words,
        "rows": rows,
        "count": page.count if page else 0,
        "further": page.next if page else None,
        "here": "search",
    }
    return app.page("app/search.html", context)


@signed_in
@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """Pages, commands, projects and the tasks that changed last, to go to by typing a part of the name."""
    app = AppRequest(request)
    tasks = Task.objects.visible_to(app.person).in_use().order_by("-updated_at").only("title")[:LAST]
    pages = [
        ("/", _("Today")),
        ("/upcoming/", _("Upcoming")),
        ("/tasks/", _("All tasks")),
        ("/board/", _("Board")),
        ("/calendar/", _("Calendar")),
        ("/projects/", _("Projects")),
        ("/reports/", _("Reports")),
        ("/activity/", _("Activity")),
        ("/people/", _("People")),
        ("/notifications/", _("Notifications")),
        ("/settings/", _("Settings")),
        ("/import/", _("Import")),
        ("/trash/", _("Trash")),
        ("/tasks/quick/", _("Add a task")),
        ("/projects/new/", _("New project")),
    ]
    context = {"pages": pages, "tasks": tasks, "here": "palette"}
    return app.page("app/palette.html", context)


@signed_in
@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """On a phone, the rest of the navigation."""
    return AppRequest(request).page("app/more.html", {"here": "more"})
