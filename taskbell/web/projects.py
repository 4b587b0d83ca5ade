"""The page behind the link in an invitation to a project."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound, Refusal
from taskbell.sharing.joining import join_by_link, project_invite_of
from taskbell.web.door import page


# The token in the URL is the permission, as for the buttons in emails.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Asks whether to join: only the button acts."""
    now, is_done = utc_now(), request.method == "POST"
    invite = project_invite_of(token, now=now)
    if invite is None:
        return page(request, "project_join_over.html", status=NotFound.status)
    try:
        if is_done:
            join_by_link(token, now=now)
    except Refusal as refusal:
        return page(request, "project_join_over.html", {"refusal": refusal}, status=refusal.status)
    return page(request, "project_join.html", {"invite": invite, "is_done": is_done})
