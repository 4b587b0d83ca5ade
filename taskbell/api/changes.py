"""Sync: for clients that keep a copy of what a person can see."""

from functools import partial
from typing import Annotated, Any, NotRequired, TypedDict

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.api.authentication import person_of
from taskbell.api.lists import number, query_of
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.feed.cursors import read_cursor
from taskbell.feed.sync import RESYNC, changes_for
from taskbell.payloads.tasks import TaskOut, tasks_by_id
from taskbell.search.parameters import refuse_unknown, whole_number

DEFAULT_CHANGES, MAX_CHANGES = 100, 500
SINCE = OpenApiParameter(
    "since", str, description="The cursor of the last response. If you omit it, you get everything you can see."
)
LIMIT = number("limit", f"The approximate number of changes, {DEFAULT_CHANGES} by default.", most=MAX_CHANGES)


class ChangeOut(TypedDict):
    """A change. Its members depend on the event."""

    event: Annotated[str, "`task.updated`, `task.deleted`, or another, as in live updates."]
    task_id: NotRequired[int | None]
    task: NotRequired[Annotated[TaskOut, "With `task.updated`: the task as it is now."]]
    category_id: NotRequired[int]
    label_id: NotRequired[int]
    name: NotRequired[Annotated[str | None, "The current name of the category or label; null if it was deleted."]]
    comment_id: NotRequired[int]
    author: NotRequired[Annotated[int | None, "Who wrote the comment."]]
    project_id: NotRequired[Annotated[int, "With `project.…` and `member.…`."]]
    person_id: NotRequired[Annotated[int, "The member."]]
    role: NotRequired[Annotated[str | None, "Of the member; null once they are removed."]]
    id: NotRequired[Annotated[int, "Of the notification."]]
    kind: NotRequired[Annotated[str, "Of the notification."]]


class ChangesOut(TypedDict):
    """Some changes in commit order, and the cursor for the next ones."""

    changes: list[ChangeOut]
    cursor: Annotated[str | None, "Send it as `since` in the next request."]
    more: Annotated[bool, "True: there are more changes. Request them immediately."]
    resync: Annotated[bool, "True: drop your copy and start without `since`."]


class Changes(APIView):
    @operation("changes_list", "sync", ChangesOut, parameters=[SINCE, LIMIT])
    def get(self, request: Request) -> dict[str, Any]:
        """Lists all changes since the cursor in commit order, with the current state of each task.

        A task that you can no longer see arrives as `task.deleted`.
        """
        person, query = person_of(request), query_of(request)
        refuse_unknown(query, ("since", "limit"))
        limit = whole_number(query, "limit", default=DEFAULT_CHANGES, most=MAX_CHANGES)
        cursor = read_cursor(query["since"]) if query.get("since") else None
        show = partial(tasks_by_id, person=person)
        found = changes_for(person, cursor, limit=limit, show=show, now=utc_now())
        return {
            "changes": found.changes,
            "cursor": found.cursor and str(found.cursor),
            "more": found.more,
            "resync": found is RESYNC,
        }
