"""Sync: a copy of what I see, kept up to date."""

from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.api.authentication import person_of
from taskbell.api.parameters import query_of
from taskbell.api.task_output import TaskOut, tasks_as_json
from taskbell.common.clock import utc_now
from taskbell.feed.cursors import read_cursor
from taskbell.feed.sync import RESYNC, changes_for
from taskbell.search.parameters import refuse_unknown, whole_number

DEFAULT_CHANGES, MAX_CHANGES = 100, 500
SINCE = OpenApiParameter(
    "since", str, description="The cursor of the last answer. Without one, everything you can see."
)
LIMIT = OpenApiParameter(
    "limit", int, description=f"About how many changes, by default {DEFAULT_CHANGES}, at most {MAX_CHANGES}."
)


class ChangeOut(serializers.Serializer[Any]):
    event = serializers.CharField(help_text="`task.updated`, `task.deleted`, or another, as in live updates.")
    task_id = serializers.IntegerField(required=False, allow_null=True)
    task = TaskOut(required=False, help_text="With `task.updated`: the task as it is now.")
    category_id = serializers.IntegerField(required=False)
    name = serializers.CharField(required=False, allow_null=True, help_text="What the category is called now.")
    id = serializers.IntegerField(required=False, help_text="Of the notification.")
    kind = serializers.CharField(required=False, help_text="Of the notification.")


class ChangesOut(serializers.Serializer[Any]):
    changes = ChangeOut(many=True)
    cursor = serializers.CharField(allow_null=True, help_text="For `since` of the next request.")
    more = serializers.BooleanField(help_text="True: ask again at once.")
    resync = serializers.BooleanField(help_text="True: forget everything and begin without `since`.")


class Changes(APIView):
    """What has changed of what I see."""

    @extend_schema(operation_id="changes_list", tags=["sync"], parameters=[SINCE, LIMIT], responses={200: ChangesOut})
    def get(self, request: Request) -> Response:
        """Lists what has changed since the cursor, in the order of commits and without a gap, each task as it is now.

        What I see no more comes as `task.deleted`.
        """
        person, query = person_of(request), query_of(request)
        refuse_unknown(query, ("since", "limit"))
        limit = whole_number(query, "limit", default=DEFAULT_CHANGES, most=MAX_CHANGES)
        cursor = read_cursor(query["since"]) if query.get("since") else None

        def show(ids: Collection[int]) -> dict[int, Any]:
            return {task["id"]: task for task in tasks_as_json(list(ids), person)}

        found = changes_for(person, cursor, limit=limit, show=show, now=utc_now())
        return Response(
            {
                "changes": found.changes,
                "cursor": found.cursor and str(found.cursor),
                "more": found.more,
                "resync": found is RESYNC,
            }
        )
