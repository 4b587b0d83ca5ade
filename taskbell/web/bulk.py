"""Changing many tasks at once: the selected ones, or all that match. One transaction; a refusal changes nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.errors import Conflict, Refusal, invalid
from taskbell.common.values import BadValue, read_choice, read_date, read_field, read_id
from taskbell.common.wording import grouped
from taskbell.search.tasks import matching_tasks
from taskbell.tasks.bulk import MAX_CHANGES, Batch, BatchRefused, change_many
from taskbell.tasks.kinds import PRIORITIES, Priority, Stage
from taskbell.tasks.label_models import TaskLabel
from taskbell.tasks.models import Category, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.web.door import all_of, done, person_of, refused, signed_in
from taskbell.web.shell import AppRequest
from taskbell.web.task_list import parameters_of
from taskbell.web.undo import undo_of
from taskbell.web.words import FIELDS


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """The form for the value of a field; POST changes the tasks."""
    if request.method != "POST":
        return _form(request)
    person, now = person_of(request), utc_now()
    try:
        tasks = _chosen(request, person)
        return _change(request, tasks, by=person, now=now)
    except BatchRefused as refusal:
        return refused(request, _named(refusal, tasks))


def _named(refusal: BatchRefused, tasks: Sequence[Task]) -> Refusal:
    """The refusal, with the title of the task instead of its place among the changes."""
    place = refusal.place.partition(".")[2]
    title = tasks[int(place)].title if place.isdigit() and int(place) < len(tasks) else ""
    said = _("Can't change “%(title)s”, so nothing was changed. %(why)s")
    return Conflict(said % {"title": title, "why": all_of(refusal.refusal)})


def _chosen(request: HttpRequest, person: User) -> list[Task]:
    """The selected tasks, or all that match the filters. Raises Invalid."""
    if request.POST.get("all") == "true":
        given = parameters_of(QueryDict(request.POST.get("query", "")).dict())
        given.pop("ordering")
        found = matching_tasks(given, person)
    else:
        ids = {read_field("ids", read_id, one) for one in request.POST.getlist("ids")}
        found = Task.objects.visible_to(person).filter(pk__in=ids)
    tasks = list(found.order_by("pk")[: MAX_CHANGES + 1])
    if not tasks:
        raise invalid("ids", "required", _("Select a task first."))
    if len(tasks) > MAX_CHANGES:
        said = _("Can't change more than %(n)s tasks at once. Narrow the list with a filter.")
        raise invalid("ids", "size", said % {"n": grouped(MAX_CHANGES)})
    return tasks


def _change(request: HttpRequest, tasks: list[Task], *, by: User, now: datetime) -> HttpResponse:
    do, ids = request.POST.get("do", ""), [task.pk for task in tasks]
    if do == "delete":
        change_many(Batch([], [], ids), by=by, now=now)
        said = ngettext("%(n)d task moved to the trash.", "%(n)d tasks moved to the trash.", len(ids))
        return done(request, said % {"n": len(ids)}, touched=ids)
    patches = _patches(do, request.POST.get("value", ""), tasks)
    change_many(Batch([], [(pk, patches[pk], None) for pk in ids], []), by=by, now=now)
    said = ngettext("%(n)d task changed.", "%(n)d tasks changed.", len(ids)) % {"n": len(ids)}
    undo = "" if do == "labels" else undo_of(tasks, patches[ids[0]], by=by)
    return done(request, said, undo=undo, touched=ids)


def _patches(do: str, value: str, tasks: Sequence[Task]) -> dict[int, TaskPatch]:
    """The change of each task. Raises Invalid."""
    if do == "labels":
        return _with_labels(value, tasks)
    read_field("do", partial(read_choice, choices=[*PATCHES, "labels", "delete"]), do)
    try:
        patch = PATCHES[do](value)
    except (BadValue, KeyError) as error:
        raise invalid("value", "invalid", _("Choose one of the values.")) from error
    return {task.pk: patch for task in tasks}


def _with_labels(value: str, tasks: Sequence[Task]) -> dict[int, TaskPatch]:
    added = [name.strip() for name in value.split(",") if name.strip()]
    if not added:
        raise invalid("value", "required", _("Enter a label."))
    present: dict[int, list[str]] = {task.pk: [] for task in tasks}
    for pk, name in TaskLabel.objects.filter(task__in=present).values_list("task", "label__name"):
        present[pk].append(name)
    return {pk: TaskPatch(labels=[*names, *added]) for pk, names in present.items()}


def _due(value: str) -> TaskPatch:
    return TaskPatch(due_date=read_date(value)) if value else TaskPatch(due_date=None, due_time=None)


PATCHES: dict[str, Callable[[str], TaskPatch]] = {
    "complete": lambda value: TaskPatch(stage=Stage.COMPLETED),
    "stage": lambda value: TaskPatch(stage=Stage[value].value),
    "due": _due,
    "assign": lambda value: TaskPatch(assigned_to_id=read_id(value) if value else None),
    "category": lambda value: TaskPatch(category_id=read_id(value) if value else None),
    "priority": lambda value: TaskPatch(priority=Priority[value].value),
    "project": lambda value: TaskPatch(project_id=read_id(value)),
}


def _form(request: HttpRequest) -> HttpResponse:
    app, field = AppRequest(request), request.GET.get("field", "due")
    context = {"field": field, "words": FIELDS.get(field, FIELDS["due"]), "choices": _choices(field, app)}
    return app.page("app/bulk_form.html", context | {"here": "tasks"})


def _choices(field: str, app: AppRequest) -> list[tuple[Any, Any]]:
    if field == "stage":
        return Stage.choices
    if field == "priority":
        return list(PRIORITIES.items())
    if field == "project":
        inbox = [(app.shell.inbox.id, _("Inbox"))] if app.shell.inbox else []
        return [*inbox, *((one.id, one.name) for one in app.shell.projects)]
    if field == "category":
        return [("", _("None")), *Category.objects.values_list("pk", "name")]
    if field == "assign":
        people = User.objects.filter(is_active=True).order_by("name_sort", "id")
        return [("", _("Nobody")), *((one.pk, one.name) for one in people)]
    return []
