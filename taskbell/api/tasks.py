"""Tasks: each method parses, asks permission, calls a verb and shows the outcome."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response, expected_versions, tag_of
from taskbell.api.fields import blank, body_of
from taskbell.api.lists import PAGING, TASK_PARAMETERS, TRASH_PARAMETERS, page_as_json
from taskbell.api.response_cache import cached_response
from taskbell.api.schema import operation
from taskbell.api.task_input import (
    EXAMPLE,
    TARGETS,
    TaskChange,
    TaskIn,
    TaskReplacement,
    catches_up,
    patch_to_change,
    patch_to_create,
    patch_to_replace,
)
from taskbell.common.clock import utc_now
from taskbell.common.values import read_boolean
from taskbell.payloads.tasks import DeletedTaskOut, TaskOut, deleted_as_json, task_as_json, tasks_as_json
from taskbell.search.parameters import read_parameter
from taskbell.search.tasks import page_of_tasks, page_of_trash
from taskbell.tasks import actions
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import check_may_create, check_may_edit
from taskbell.tasks.queries import visible_task

OF_EVERYBODY = {"status", "stage", "reminders", "remind_at"}  # what anybody who sees a task may send
FORCE = OpenApiParameter("force", bool, description="Complete the task although it is blocked.")
TO = OpenApiParameter(
    "to",
    str,
    enum=TARGETS,
    description="The occurrence to continue with: the `next` one (default), or the first that is due in the future.",
)
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETags or versions to change.")


def checked(request: Request, task: Task, form: type[TaskIn]) -> dict[str, Any]:
    """The body, validated. If the person may not change the wrong fields, raises NotAllowed instead of the errors."""
    try:
        return body_of(request, form)
    except serializers.ValidationError as error:
        if (set(blank(form).fields) & set(error.detail)) - OF_EVERYBODY:
            check_may_edit(person_of(request), task)
        raise


def answer(request: Request, pk: int, *, code: int = 200) -> Response:
    """The task as it is now, with the tag that reading it gives."""
    # Also hidden tasks: after handing a task back, the caller still gets the result.
    task = task_as_json(pk, person_of(request), also_hidden=True)
    headers = {"ETag": tag_of(task)}
    if code == 201:
        headers["Location"] = f"/api/tasks/{pk}/"
    return Response(task, status=code, headers=headers)


class Tasks(APIView):
    @operation("tasks_list", "tasks", page_of(TaskOut), parameters=[*TASK_PARAMETERS, *PAGING])
    def get(self, request: Request) -> HttpResponseBase:
        """Lists the tasks of your projects and those assigned to you, newest first; managers and admins get all.

        Tasks of archived projects are left out unless you send `archived=true`.
        """
        return cached_response(request, lambda: page_as_json(request, page_of_tasks, tasks_as_json))

    @operation(
        "tasks_create",
        "tasks",
        TaskOut,
        status=201,
        takes=TaskIn,
        sent={"A task with a reminder": EXAMPLE},
        may=check_may_create,
        is_repeatable=True,
    )
    def post(self, request: Request) -> Response:
        """Creates a task. `remind_at` is short for one reminder; without an offset it is in the task's time zone."""
        person = person_of(request)
        patch = patch_to_create(body_of(request, TaskIn), by=person)
        task = actions.create_task(patch, by=person, now=utc_now())
        return answer(request, task.pk, code=201)


class TaskDetail(APIView):
    @operation("tasks_read", "tasks", TaskOut)
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Shows the task."""
        task = task_as_json(pk, person_of(request))
        return etag_response(request, task, tag_of(task))

    @operation("tasks_replace", "tasks", TaskOut, takes=TaskReplacement, parameters=[FORCE, TO, IF_MATCH])
    def put(self, request: Request, pk: int) -> Response:
        """Replaces the task. Empties what is not sent, even reminders and prerequisites, but not project and labels."""
        task = visible_task(pk, to=person_of(request))
        patch = patch_to_replace(checked(request, task, TaskReplacement), task, by=person_of(request))
        return self._update(request, task, patch)

    @operation("tasks_change", "tasks", TaskOut, takes=TaskChange, parameters=[FORCE, TO, IF_MATCH])
    def patch(self, request: Request, pk: int) -> Response:
        """Changes only the fields that are sent."""
        task = visible_task(pk, to=person_of(request))
        patch = patch_to_change(checked(request, task, TaskChange), task, by=person_of(request))
        return self._update(request, task, patch)

    @operation("tasks_delete", "tasks", parameters=[IF_MATCH])
    def delete(self, request: Request, pk: int) -> None:
        """Puts the task in the trash."""
        person, task = person_of(request), visible_task(pk, to=person_of(request))
        check_may_edit(person, task)
        actions.delete_task(pk, version=expected_versions(request, task.version), by=person, now=utc_now())

    def _update(self, request: Request, task: Task, patch: TaskPatch) -> Response:
        actions.update_task(
            task.pk,
            patch,
            version=expected_versions(request, task.version),
            force=read_parameter(request.query_params, "force", read_boolean, False),
            catch_up=catches_up(request),
            by=person_of(request),
            now=utc_now(),
        )
        return answer(request, task.pk)


class TaskSkip(APIView):
    @operation("tasks_skip", "tasks", TaskOut, parameters=[TO], is_repeatable=True)
    def post(self, request: Request, pk: int) -> Response:
        """Moves the task to its next occurrence without completing it."""
        actions.skip_task(pk, catch_up=catches_up(request), by=person_of(request), now=utc_now())
        return answer(request, pk)


class TaskTrash(APIView):
    @operation("tasks_trash", "tasks", page_of(DeletedTaskOut), parameters=[*TRASH_PARAMETERS, *PAGING])
    def get(self, request: Request) -> HttpResponseBase:
        """Lists the deleted tasks that you can restore, the last deleted first."""
        return cached_response(request, lambda: page_as_json(request, page_of_trash, deleted_as_json))


class TaskRestore(APIView):
    @operation("tasks_restore", "tasks", TaskOut, is_repeatable=True)
    def post(self, request: Request, pk: int) -> Response:
        """Takes the task out of the trash."""
        actions.restore_task(pk, by=person_of(request), now=utc_now())
        return answer(request, pk)
