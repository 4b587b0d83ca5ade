"""The home page: the landing page for visitors, and the next tasks for people who are signed in."""

import json
import shlex
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from taskbell.accounts.addresses import pending_email
from taskbell.accounts.models import User
from taskbell.accounts.queries import is_claimed
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.tasks.models import Task, is_blocked
from taskbell.web.door import page, person_of

NEXT_TASKS = 10


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The landing page for visitors; the next tasks for people who are signed in."""
    if request.user.is_authenticated:
        return _home(request, person_of(request))
    return page(
        request,
        "landing.html",
        {
            "registration_open": settings.TASKBELL_REGISTRATION == "open",
            "claimed": is_claimed(),
            "example": create_example(),
        },
    )


def _home(request: HttpRequest, person: User) -> HttpResponse:
    zone = ZoneInfo(person.profile.timezone)
    now = utc_now()
    context = {
        "tasks": next_tasks(person),
        "undelivered": undelivered(person, now=now),
        "to_confirm": None if person.email_confirmed else pending_email(person, now=now) or person.email,
        "now": now,
        "today": now.astimezone(zone).date(),
        "api": f"{settings.URL}/api/",
        "sign_in_example": sign_in_example(person.username),
        "create_example": create_example(),
    }
    with timezone.override(zone):
        return page(request, "home.html", context)


def undelivered(person: User, *, now: datetime) -> Delivery | None:
    """The latest email of the past week that the mail server refused for this person."""
    failed = Delivery.objects.mails().filter(state=DeliveryState.FAILED, due_at__gte=now - timedelta(days=7))
    for_person = failed.filter(notification__recipient=person)
    return for_person.select_related("notification__task").order_by("-due_at").first()


def next_tasks(person: User) -> list[Task]:
    """The person's open tasks: soonest due first, tasks without a due date last."""
    tasks = Task.objects.to_do_by(person).with_people().select_related("category")
    tasks = tasks.annotate(waits=is_blocked())
    return list(tasks.order_by(F("due_at").asc(nulls_last=True), "-priority", "id")[:NEXT_TASKS])


def sign_in_example(name: str) -> str:
    """The command that requests a pair of tokens, safe to paste into a shell."""
    body = shlex.quote(json.dumps({"username": name, "password": "your password"}, ensure_ascii=False))
    return f"curl {settings.URL}/api/token/ \\\n  -H 'Content-Type: application/json' \\\n  -d {body}"


def create_example() -> str:
    """The command that creates a task with such a token."""
    body = shlex.quote(json.dumps({"title": "Water the plants"}))
    return (
        f"curl {settings.URL}/api/tasks/ \\\n  -H 'Authorization: Bearer ACCESS_TOKEN' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d {body}"
    )
