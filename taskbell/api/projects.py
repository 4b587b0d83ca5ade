"""Projects: each method parses, calls a verb and shows the outcome."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.activity.models import Activity
from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response, expected_versions, versioned_tag
from taskbell.api.fields import Choice, DocumentedText, Flag, StrictSerializer, body_of
from taskbell.api.lists import PAGING, page_as_json
from taskbell.api.response_cache import cached_response
from taskbell.api.schema import operation
from taskbell.api.tasks import IF_MATCH
from taskbell.common.clock import utc_now
from taskbell.common.values import read_id
from taskbell.payloads.project_history import ProjectActivityOut, project_activity_as_json
from taskbell.payloads.projects import ProjectOut, projects_as_json
from taskbell.projects.models import MAX_DESCRIPTION, MAX_NAME, Colour, Project
from taskbell.projects.policy import check_may_create_project, check_may_manage
from taskbell.search.keyset import Key
from taskbell.search.pages import page_of_rows
from taskbell.search.parameters import read_parameter
from taskbell.search.projects import FLAGS, page_of_projects
from taskbell.sharing.deleting import delete_project, restore_project
from taskbell.sharing.locks import visible_project
from taskbell.sharing.projects import change_project, create_project

MOVE_TO = OpenApiParameter(
    "move_to", int, description="The project that its tasks go to. Without it, they go to the trash with the project."
)


class ProjectChange(StrictSerializer):
    ignored = frozenset(ProjectOut.__annotations__)
    name = DocumentedText(max_length=MAX_NAME, required=False)
    description = DocumentedText(max_length=MAX_DESCRIPTION, allow_blank=True, required=False)
    colour = Choice(choices=Colour.values, required=False)
    archived = Flag(required=False, help_text="Tasks of an archived project can't be changed, and remind nobody.")


class ProjectIn(ProjectChange):
    name = DocumentedText(max_length=MAX_NAME)


def answer(project: Project, *, code: int = 200) -> Response:
    """The project with its tag."""
    (shown,) = projects_as_json([project])
    headers = {"ETag": _tag_of(shown)} | ({"Location": f"/api/projects/{project.pk}/"} if code == 201 else {})
    return Response(shown, status=code, headers=headers)


def _tag_of(project: ProjectOut) -> str:
    return versioned_tag(project["version"], [project["role"], *project["counts"].values()])


class Projects(APIView):
    @operation(
        "projects_list",
        "projects",
        page_of(ProjectOut),
        parameters=[*(OpenApiParameter(name, bool, description=text) for name, text in FLAGS.items()), *PAGING],
    )
    def get(self, request: Request) -> HttpResponse:
        """Lists your projects by name, without the archived ones."""
        return cached_response(
            request, lambda: page_as_json(request, page_of_projects, lambda rows, _: projects_as_json(rows))
        )

    @operation(
        "projects_create",
        "projects",
        ProjectOut,
        status=201,
        takes=ProjectIn,
        may=check_may_create_project,
        is_repeatable=True,
    )
    def post(self, request: Request) -> Response:
        """Creates a project. You are its owner."""
        project = create_project(body_of(request, ProjectIn), by=person_of(request), now=utc_now())
        return answer(project, code=201)


class ProjectDetail(APIView):
    @operation("projects_read", "projects", ProjectOut)
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Shows the project."""
        (project,) = projects_as_json([visible_project(pk, to=person_of(request))])
        return etag_response(request, project, _tag_of(project))

    @operation("projects_replace", "projects", ProjectOut, takes=ProjectIn, parameters=[IF_MATCH])
    def put(self, request: Request, pk: int) -> Response:
        """Replaces name, description and colour. An archived project stays archived unless you send `archived`."""
        return self._change(request, pk, ProjectIn, {"description": "", "colour": Colour.GREY.value})

    @operation("projects_change", "projects", ProjectOut, takes=ProjectChange, parameters=[IF_MATCH])
    def patch(self, request: Request, pk: int) -> Response:
        """Changes only the fields that are sent."""
        return self._change(request, pk, ProjectChange, {})

    @operation("projects_delete", "projects", parameters=[MOVE_TO, IF_MATCH])
    def delete(self, request: Request, pk: int) -> None:
        """Puts the project in the trash. Repeat the request if it was interrupted."""
        by = person_of(request)
        project = visible_project(pk, to=by, in_trash=None)
        check_may_manage(by, project)
        move_to = read_parameter(request.query_params, "move_to", read_id, None)
        version = expected_versions(request, project.version, of="project")
        delete_project(pk, move_to=move_to, version=version, by=by, now=utc_now())

    def _change(self, request: Request, pk: int, form: type[ProjectChange], defaults: dict[str, Any]) -> Response:
        by = person_of(request)
        project = visible_project(pk, to=by)
        check_may_manage(by, project)
        changes = defaults | body_of(request, form)
        version = expected_versions(request, project.version, of="project")
        return answer(change_project(pk, changes, version=version, by=by, now=utc_now()))


class ProjectRestore(APIView):
    @operation("projects_restore", "projects", ProjectOut, is_repeatable=True)
    def post(self, request: Request, pk: int) -> Response:
        """Takes the project out of the trash, with the tasks that went there with it."""
        return answer(restore_project(pk, by=person_of(request), now=utc_now()))


class ProjectLogs(APIView):
    @operation("project_logs_list", "projects", page_of(ProjectActivityOut), parameters=PAGING)
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Lists the changes of the project and of its members, newest first. Each task has its own history."""
        entries = Activity.objects.of_project(visible_project(pk, to=person_of(request)).pk)
        find = partial(page_of_rows, entries, keys=[Key("id", descending=True)])
        return etag_response(request, page_as_json(request, find, lambda rows, _: project_activity_as_json(rows)))
