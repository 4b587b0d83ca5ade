"""The pages of projects: all of them, one with its tasks as list or board, its form, and how it ends."""

from collections.abc import Collection
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import BigIntegerField, F, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.compiled_query import CompiledModelQuery, Param
from taskbell.common.values import read_field, read_id
from taskbell.projects.audience import sees_everything
from taskbell.projects.models import Colour, Project
from taskbell.projects.policy import may_edit_tasks, may_manage
from taskbell.search.parameters import Parameters
from taskbell.search.projects import page_of_projects
from taskbell.sharing.deleting import delete_project, restore_project
from taskbell.sharing.locks import visible_project
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.counting import open_counts
from taskbell.tasks.kinds import OPEN_STAGES, Stage
from taskbell.tasks.models import Task, TaskQuerySet
from taskbell.web.board import columns_of
from taskbell.web.board import placed as placed_on_board
from taskbell.web.dates import Dates
from taskbell.web.door import done, form_page, person_of, sent, signed_in
from taskbell.web.forms import ProjectForm
from taskbell.web.rows import TaskRow, compiled_rows
from taskbell.web.shell import AppRequest

MAX_OPEN, MAX_DONE = 300, 20
STAGES = (*OPEN_STAGES, Stage.COMPLETED)
by_sort = attrgetter("sort")


def name_of(project: Project, person: User) -> str:
    """The name, in the person's language for their Inbox."""
    return _("Inbox") if project.inbox_of_id == person.pk else project.name


@signed_in
@require_safe
def all_projects(request: HttpRequest) -> HttpResponse:
    """The projects of the person; with `archived` or `deleted`, those instead."""
    app = AppRequest(request)
    flags = {name: "true" for name in ("archived", "deleted", "all") if request.GET.get(name) == "true"}
    page = page_of_projects(flags | {"page_size": "200"}, app.person)
    counts = open_counts([project.pk for project in page.rows])
    projects = [
        {"row": one, "name": name_of(one, app.person), "counts": counts[one.pk], "manages": _manages(app, one)}
        for one in page.rows
    ]
    return app.page("app/projects.html", {"projects": projects, "flags": flags, "here": "projects"})


def _manages(app: AppRequest, project: Project) -> bool:
    return project.inbox_of_id is None and may_manage(app.person, project.viewer_role)


def placed(parameters: Parameters, person: User, dates: Dates, *, only: Collection[int]) -> list[tuple[int, str, str]]:
    """Those of these tasks that are on the page of the project, each with its section."""
    tasks = Task.objects.visible_to(person).filter(project=int(parameters["pk"]), pk__in=only)
    return [(pk, _section(stage), "") for pk, stage in tasks.filter(stage__in=STAGES).values_list("pk", "stage")]


@cache
def _tasks(sees_everything: bool) -> CompiledModelQuery:
    """The tasks of a project: open ones, and the last completed."""

    def choose(visible: TaskQuerySet) -> Q:
        tasks = visible.filter(project=Param("project", BigIntegerField()))
        still_open = tasks.filter(stage__in=OPEN_STAGES).order_by(F("due_at").asc(nulls_last=True), "-priority", "id")
        completed = tasks.filter(stage=Stage.COMPLETED).order_by("-completed_at", "-id")
        return Q(pk__in=still_open.values("pk")[:MAX_OPEN]) | Q(pk__in=completed.values("pk")[:MAX_DONE])

    return compiled_rows(sees_everything, choose)


def _section(stage: str) -> str:
    return "done" if stage == Stage.COMPLETED else "open"


@signed_in
@require_safe
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """The tasks of a project, as a list."""
    app = AppRequest(request)
    shown = visible_project(pk, to=app.person)
    tasks = _tasks(sees_everything(app.person))(person=app.person.pk, project=pk)
    rows = sorted((TaskRow(task, app.person, app.dates, _section(task.stage)) for task in tasks), key=by_sort)
    sections = {key: [row for row in rows if row.section == key] for key in ("open", "done")}
    return app.page("app/project.html", head_of(app, shown, "list") | sections)


@signed_in
@require_safe
def project_board(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a board."""
    app = AppRequest(request)
    shown = visible_project(pk, to=app.person)
    return app.page("app/project_board.html", head_of(app, shown, "board") | {"columns": columns_of(app, _only(pk))})


def placed_in_board(
    parameters: Parameters, person: User, dates: Dates, *, only: Collection[int] | None = None
) -> list[tuple[int, str, str]]:
    """The cards of the board of a project."""
    return placed_on_board(_only(parameters["pk"]), person, dates, only=only)


def _only(pk: Any) -> dict[str, str]:
    return {"project": str(pk)}


def head_of(app: AppRequest, project: Project, tab: str) -> dict[str, Any]:
    """What stands above every page of the project."""
    return {
        "project": project,
        "name": name_of(project, app.person),
        "is_inbox": project.inbox_of_id is not None,
        "manages": _manages(app, project),
        "may_edit": may_edit_tasks(app.person, project.viewer_role) and project.archived_at is None,
        "tab": tab,
        "here": project.pk,
    }


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def new_project(request: HttpRequest) -> HttpResponse:
    """The form for a new project."""
    app = AppRequest(request)
    form = ProjectForm(request.POST if request.method == "POST" else None, initial={"colour": Colour.BLUE})

    def act() -> HttpResponse:
        made = create_project(form.cleaned_data, by=app.person, now=app.now)
        return done(request, _("“%(name)s” created.") % {"name": made.name}, to=f"/projects/{made.pk}/")

    return form_page(request, "app/project_form.html", form, act, **app.frame, colours=Colour.values, here="projects")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def edit_project(request: HttpRequest, pk: int) -> HttpResponse:
    """The form for name, description and colour."""
    app = AppRequest(request)
    shown = visible_project(pk, to=app.person)
    initial = {"name": shown.name, "description": shown.description, "colour": shown.colour, "version": shown.version}
    form = ProjectForm(request.POST if request.method == "POST" else None, initial=initial)

    def act() -> HttpResponse:
        change_project(pk, form.cleaned_data, by=app.person, now=app.now)
        return done(request, _("Saved."), to=f"/projects/{pk}/")

    context = app.frame | head_of(app, shown, "edit") | {"colours": Colour.values}
    return form_page(request, "app/project_form.html", form, act, **context)


@signed_in
@require_POST
def archive_project(request: HttpRequest, pk: int) -> HttpResponse:
    """Archives the project, or takes it out of the archive."""
    is_archived = sent(request, "archived") != "false"
    shown = change_project(pk, {"archived": is_archived}, by=person_of(request), now=utc_now())
    said = _("“%(name)s” archived.") if is_archived else _("“%(name)s” taken out of the archive.")
    return done(request, said % {"name": shown.name}, to=f"/projects/{pk}/")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def end_project(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks where the tasks of the project go; POST puts it in the trash."""
    app = AppRequest(request)
    shown = visible_project(pk, to=app.person)
    if request.method != "POST":
        others = [link for link in [app.shell.inbox, *app.shell.projects] if link and link.id != pk]
        count = open_counts([pk])[pk].open
        return app.page("app/project_end.html", head_of(app, shown, "edit") | {"others": others, "count": count})
    move_to = read_field("move_to", read_id, request.POST["move_to"]) if request.POST.get("move_to") else None
    delete_project(pk, move_to=move_to, by=app.person, now=app.now)
    undo = "" if move_to else f"/projects/{pk}/restore/"
    return done(request, _("“%(name)s” moved to the trash.") % {"name": shown.name}, undo=undo, to="/projects/")


@signed_in
@require_POST
def revive_project(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes the project out of the trash, with its tasks."""
    shown = restore_project(pk, by=person_of(request), now=utc_now())
    return done(request, _("“%(name)s” restored.") % {"name": shown.name}, to=f"/projects/{pk}/")
