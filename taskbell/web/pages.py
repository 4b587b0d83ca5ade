"""The front page: the landing page for visitors, and today for people who are signed in."""

import json
import shlex

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from taskbell.accounts.queries import is_claimed
from taskbell.web.door import page
from taskbell.web.today import today


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The landing page for visitors; today for people who are signed in."""
    if request.user.is_authenticated:
        return today(request)
    return page(
        request,
        "landing.html",
        {
            "registration_open": settings.TASKBELL_REGISTRATION == "open",
            "claimed": is_claimed(),
            "example": create_example(),
        },
    )


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For programs that ask for the usual name; pages name the file."""
    return redirect(static("web/favicon.svg"))


def create_example() -> str:
    """The command that creates a task with such a token."""
    body = shlex.quote(json.dumps({"title": "Water the plants"}))
    return (
        f"curl {settings.URL}/api/tasks/ \\\n  -H 'Authorization: Bearer ACCESS_TOKEN' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d {body}"
    )
