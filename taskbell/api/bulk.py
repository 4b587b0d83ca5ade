"""Many tasks in one request."""

from typing import Any, TypedDict

from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api import idempotency
from taskbell.api.authentication import person_of
from taskbell.api.fields import IdField, StrictSerializer, body_of
from taskbell.api.schema import operation
from taskbell.api.task_input import TaskChange, TaskIn, catches_up, patch_to_change, patch_to_create
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound
from taskbell.common.values import read_boolean
from taskbell.payloads.tasks import TaskOut, tasks_by_id
from taskbell.search.parameters import read_parameter
from taskbell.tasks.bulk import MAX_CHANGES, Batch, change_many, check_size, named, one_at_a_time_of
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import check_may_create


class BulkChange(TaskChange):
    """A change to the task with this id."""

    id = IdField()
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, help_text="Like If-Match.")


class BulkIn(StrictSerializer):
    """What to create, change and delete."""

    create = TaskIn(many=True, required=False, max_length=MAX_CHANGES)  # type: ignore[assignment, call-arg]
    update = BulkChange(many=True, required=False, max_length=MAX_CHANGES)  # type: ignore[assignment, call-arg]
    delete = serializers.ListField(child=IdField(), required=False, max_length=MAX_CHANGES)


class BulkOut(TypedDict):
    """One answer for each change, in the order in which they were sent."""

    created: list[TaskOut]
    updated: list[TaskOut]
    deleted: list[int]


EXAMPLE = {"create": [{"title": "Buy seeds"}], "update": [{"id": 7, "status": "COMPLETED"}], "delete": [9]}


class Bulk(APIView):
    @operation(
        "tasks_bulk",
        "tasks",
        BulkOut,
        takes=BulkIn,
        parameters=[idempotency.HEADER],
        refusals=(404, 412),
        sent={"One of each": EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Creates, changes and deletes up to 1,000 tasks: either all of them or none."""
        changes = _check_before_reading(request)
        with one_at_a_time_of(person_of(request), changes=changes):
            return idempotency.once(request, lambda: self._change(request))

    def _change(self, request: Request) -> Response:
        person, body = person_of(request), body_of(request, BulkIn)
        changes, deletions = body.get("update", []), body.get("delete", [])
        known = Task.objects.visible_to(person).in_bulk([change["id"] for change in changes])
        batch = Batch(
            create=[_creation(task, f"create.{place}", by=person) for place, task in enumerate(body.get("create", []))],
            update=[_update(known, change, f"update.{place}", by=person) for place, change in enumerate(changes)],
            delete=deletions,
        )
        force, catch_up = read_parameter(request.query_params, "force", read_boolean, False), catches_up(request)
        created, changed = change_many(batch, force=force, catch_up=catch_up, by=person, now=utc_now())
        shown = tasks_by_id([*created, *changed], person, also_hidden=True)
        answer: BulkOut = {
            "created": [shown[pk] for pk in created],
            "updated": [shown[pk] for pk in changed],
            "deleted": deletions,
        }
        return Response(answer)


def _check_before_reading(request: Request) -> int:
    """Checks the role and the size before it reads any of the tasks. Returns how many changes there are.

    Raises NotAllowed, Invalid.
    """
    body = request.data if isinstance(request.data, dict) else {}
    lists = [_list(body, name) for name in ("create", "update", "delete")]
    if lists[0]:
        check_may_create(person_of(request))
    sent = [one for tasks in lists[:2] for one in tasks if isinstance(one, dict)]
    rows = sum(len(_list(one, name)) for one in sent for name in ("reminders", "pre_tasks", "labels"))
    if changes := sum(map(len, lists)):
        check_size(changes, rows)
    return changes


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _creation(body: dict[str, Any], place: str, *, by: User) -> TaskPatch:
    with named(place):
        return patch_to_create(body, by=by)


def _update(tasks: dict[int, Task], body: dict[str, Any], place: str, *, by: User) -> tuple[int, TaskPatch, int | None]:
    with named(place):
        if body["id"] not in tasks:
            raise NotFound
        return body["id"], patch_to_change(body, tasks[body["id"]], by=by), body.get("version")
