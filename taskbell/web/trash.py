"""The trash: deleted tasks that can be restored."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from taskbell.search.tasks import page_of_trash
from taskbell.tasks.models import Task
from taskbell.web.door import signed_in
from taskbell.web.shell import AppRequest


@signed_in
@require_safe
def trash(request: HttpRequest) -> HttpResponse:
    """The page, the last deleted first."""
    app = AppRequest(request)
    page = page_of_trash({"page": request.GET.get("page", "1")}, app.person)
    found = Task.objects.filter(pk__in=page.rows).select_related("project").order_by("-deleted_at", "-id")
    context = {
        "tasks": found,
        "count": page.count,
        "further": page.next,
        "days": settings.TASKBELL_TRASH_DAYS,
        "here": "trash",
    }
    return app.page("app/trash.html", context)
