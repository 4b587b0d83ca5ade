"""Further verbs of a single task: skip an occurrence, duplicate the task, and change its prerequisites."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from taskbell.accounts.models import User
from taskbell.common.errors import Conflict, Refusal
from taskbell.common.values import read_field, read_id
from taskbell.search.tasks import page_of_tasks
from taskbell.tasks import actions
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import check_in_use, check_may_edit
from taskbell.tasks.skipping import skip_with_undo
from taskbell.tasks.versions import StaleVersion
from taskbell.web.dates import Dates
from taskbell.web.door import all_of, done, is_fragment, refused, sent, signed_in
from taskbell.web.rows import tasks_for_rows
from taskbell.web.shell import AppRequest
from taskbell.web.task_edit import show_editor
from taskbell.web.task_page import Editor, row_for
from taskbell.web.verbs import verb
from taskbell.web.words import quoted

MAX_FOUND = 8
COPIED = (
    *("title", "description", "priority", "project_id", "category_id", "due_date", "due_time", "timezone"),
    *("assigned_to_id", "recurrence", "recurrence_from", "labels"),
)
TRIES = 3


@verb
def skip(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Moves a task that repeats to its next occurrence, or with `catch_up` to the first that is not overdue."""
    catch_up = sent(request, "catch_up") == "true"
    moved, undo = skip_with_undo(task.pk, catch_up=catch_up, by=by, now=now)
    said = _("Skipped. %(task)s is now due %(when)s.")
    dates = Dates.of(by, now)
    when = dates.in_sentence(dates.due(moved))
    undo_address = reverse("undo-kept", args=[undo])
    return done(request, said % {"task": quoted(task.title), "when": when}, undo=undo_address, touched=[task.pk])


@signed_in
@require_http_methods(["POST"])
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """A new task like this one, without its history, reminders and comments; the browser goes there."""
    app = AppRequest(request)
    task: Any = row_for(pk, app.person, app.dates).task
    patch = TaskPatch(**{name: getattr(task, name) for name in COPIED})
    new = actions.create_task(patch, by=app.person, now=app.now)
    said = _("This is a copy of %(task)s.") % {"task": quoted(task.title)}
    return done(request, said, undo=reverse("task-delete", args=[new.pk]), to=reverse("task", args=[new.pk]))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def needs(request: HttpRequest, pk: int) -> HttpResponse:
    """The prerequisites: a search to add tasks, and the present ones, to remove."""
    app = AppRequest(request)
    row = row_for(pk, app.person, app.dates)
    check_in_use(row.task)
    check_may_edit(app.person, row.task)
    said, status = "", 200
    if request.method == "POST":
        try:
            return _change(request, row.task, by=app.person, now=app.now)
        except Refusal as refusal:
            said, status = _with_titles(refusal, app.person), refusal.status
            if is_fragment(request):
                return refused(request, Conflict(said))
    words = sent(request, "q")
    present = _needed(pk, app.person)
    found = [] if not words else _found(words, app.person, but={pk, *present})
    more = {
        "q": words,
        "found": found,
        "present": list(tasks_for_rows(sorted(present), app.person).values()),
        "error": said,
    }
    action = reverse("task-needs", args=[pk])
    editor = Editor("needs", _("Blocked by"), None, action, "web/app/task/needs.html", more=more)
    return show_editor(app, row, editor, status=status)


def _needed(pk: int, person: User) -> set[int]:
    """The prerequisites that the person sees."""
    needed = Prerequisite.objects.filter(task=pk).values("needs")
    return set(Task.objects.visible_to(person).filter(pk__in=needed).values_list("pk", flat=True))


def _found(words: str, person: User, *, but: set[int]) -> list[Any]:
    """Open tasks with these words, or with this number."""
    number = words.strip().lstrip("^#")
    ids = [int(number)] if number.isascii() and number.isdigit() and len(number) < 15 else []
    ids += page_of_tasks({"q": words, "stage": "PENDING,IN_PROGRESS", "page_size": "20"}, person).rows
    wanted = [one for one in dict.fromkeys(ids) if one not in but]
    return list(tasks_for_rows(wanted, person).values())[:MAX_FOUND]


def _change(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Adds or removes one prerequisite. Raises Refusal."""
    name = "add" if sent(request, "add") else "remove"
    other = read_field("pre_tasks", read_id, sent(request, name))
    version = task.version
    for attempt in range(TRIES):
        present = _needed(task.pk, by)
        wanted = present | {other} if name == "add" else present - {other}
        try:
            actions.update_task(task.pk, TaskPatch(pre_tasks=sorted(wanted)), version=version, by=by, now=now)
            break
        except StaleVersion:
            if attempt == TRIES - 1:
                raise
            version = row_for(task.pk, by, Dates.of(by, now)).task.version
    back = "remove" if name == "add" else "add"
    undo = f"{reverse('task-needs', args=[task.pk])}?{back}={other}"
    said = _("Prerequisite added.") if name == "add" else _("Prerequisite removed.")
    return done(request, said, undo=undo, touched=[task.pk])


def _with_titles(refusal: Refusal, person: User) -> str:
    """The sentence; a cycle is shown with the titles of its tasks."""
    said = all_of(refusal)
    if "→" not in said:
        return said
    head, _colon, path = said.rstrip(".").partition(": ")
    steps = path.split(" → ")
    known = {
        str(one.pk): one.title
        for one in tasks_for_rows([int(pk) for pk in dict.fromkeys(steps) if pk != "…"], person).values()
    }
    return f"{head}: {' → '.join(f'“{known[pk]}”' if pk in known else pk for pk in steps)}."
