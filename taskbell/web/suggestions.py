"""Suggestions while a name is typed: after @ in a comment, and after @, #, + and * in quick add."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.comments.mentions import people_to_mention
from taskbell.common.values import read_field, read_id
from taskbell.quick_add.suggestions import KINDS, MAX_SUGGESTED, suggestions
from taskbell.tasks.queries import visible_task
from taskbell.web.door import fragment, person_of, signed_in

MAX_BEGINNING = 100  # characters


@signed_in
@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """The options for the word `q` after its `mark`; with `task`, the people who can be mentioned there."""
    person, mark = person_of(request), request.GET.get("mark", "")
    beginning = request.GET.get("q", "")[:MAX_BEGINNING].replace("\0", "")
    if request.GET.get("task"):
        found = _people(request, beginning, person)
    else:
        found = suggestions(mark, beginning, to=person) if mark in KINDS else []
    return fragment(request, "app/suggestions.html", {"options": found, "mark": mark})


def _people(request: HttpRequest, beginning: str, person: User) -> list[tuple[str, str]]:
    task = visible_task(read_field("task", read_id, request.GET["task"]), to=person)
    found = people_to_mention(task, beginning, by=person)[:MAX_SUGGESTED]
    return [(f"@{one.username}", one.name) for one in found]
