"""The filters of a list as people see them: chips that can be taken away, and the form that adds one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.tasks.kinds import PRIORITIES, STATUS_WORDS, Stage
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category
from taskbell.web.door import signed_in
from taskbell.web.shell import AppRequest
from taskbell.web.words import WORDS

MAX_CHOICES = 200  # of a kind


@dataclass(frozen=True)
class FilterChip:
    """A filter in words, and the address of the list without it."""

    name: str
    words: str
    without: str


def chips_of(given: Mapping[str, str], app: AppRequest) -> list[FilterChip]:
    """The chips of these filters. Names of categories and people cost a query each, where such a filter is set."""
    chips = []
    for name, text in given.items():
        if name == "ordering":
            continue
        rest = urlencode({other: value for other, value in given.items() if other != name} | _keep_all(given, name))
        chips.append(FilterChip(name, f"{WORDS.get(name, name)}: {_value(name, text, app)}", f"?{rest}"))
    return chips


def _keep_all(given: Mapping[str, str], name: str) -> dict[str, str]:
    """Without any filter, the page would show open tasks alone again: `stage` of all says otherwise."""
    is_last = not given.keys() - {name, "ordering"}
    return {"stage": "PENDING,IN_PROGRESS,COMPLETED,ARCHIVED"} if is_last and name == "stage" else {}


def _value(name: str, text: str, app: AppRequest) -> str:
    if name in ("stage", "status"):
        parts = text.split(",")
        return _("all") if len(parts) >= 4 else _list(STATUS_WORDS, parts)
    if name == "priority":
        return _list(PRIORITIES, text.split(","))
    if text in ("true", "false"):
        return _("yes") if text == "true" else _("no")
    ids = [int(part) for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 19]
    if name == "project":
        names = {str(link.id): link.name for link in [*app.shell.projects, *filter(None, [app.shell.inbox])]}
        return _list(names | {"inbox": _("Inbox")}, [part.strip() for part in text.split(",")])
    if name == "category" and ids:
        return ", ".join(Category.objects.filter(pk__in=ids).values_list("name", flat=True)) or text
    if name in ("assigned_to", "created_by") and ids:
        return ", ".join(person.name for person in User.objects.filter(pk__in=ids)) or text
    return {"me": _("me"), "none": _("none")}.get(text, text)


def _list(words: Mapping[str, Any], names: list[str]) -> str:
    return ", ".join(str(words.get(name, name)) for name in names)


@signed_in
@require_safe
def filter_form(request: HttpRequest) -> HttpResponse:
    """The form that adds a filter to the list; `query` is what the list has already, `at` its address."""
    app = AppRequest(request)
    query = QueryDict(request.GET.get("query", ""))
    context = {
        "at": request.GET.get("at", "/tasks/"),
        "given": [(name, text) for name, text in query.items()],
        "current": query.dict(),
        "stages": Stage.choices,
        "priorities": PRIORITIES,
        "projects": app.shell.projects,
        "categories": Category.objects.all()[:MAX_CHOICES],
        "labels": Label.objects.order_by("name_sort")[:MAX_CHOICES],
        "people": User.objects.filter(is_active=True).order_by("name_sort", "id")[:MAX_CHOICES],
    }
    return app.page("app/filter_form.html", context | {"here": "tasks"})
