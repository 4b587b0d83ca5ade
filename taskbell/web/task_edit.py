"""The forms of a task's parts: in their place on the page, in a dialog of a list, or on the page without JavaScript."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.clock import wall_time
from taskbell.common.errors import FieldError, Invalid, NotFound, Refusal
from taskbell.common.rule_words import rule_in_words
from taskbell.common.text import folded
from taskbell.common.values import BadValue, read_rule
from taskbell.tasks.actions import update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.history_words import label_of
from taskbell.tasks.models import Category, Task
from taskbell.tasks.occurrences import preview
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import check_in_use, check_may_edit
from taskbell.tasks.versions import StaleVersion
from taskbell.web import task_forms
from taskbell.web.door import done, fragment, is_fragment, show_refusal, signed_in
from taskbell.web.rows import TaskRow
from taskbell.web.shell import AppRequest
from taskbell.web.task_facts import called, priority_words
from taskbell.web.task_forms import CategoryForm, DueForm, PartForm
from taskbell.web.task_merge import Clash, marks_of, merge
from taskbell.web.task_page import Editor, row_for, task_page
from taskbell.web.task_rule import RepeatsForm
from taskbell.web.undo import undo_of
from taskbell.web.words import quoted

TRIES = 3
PREVIEWED = 4
OF_ASSIGNEES = ("stage", "assign")  # parts that the assignee may change, too


@dataclass(frozen=True)
class Part:
    """A part of the page that can be edited. `key` is its name in addresses, `place` that in the page."""

    head: Any
    form: type[PartForm]
    place: str
    template: str = "web/app/task/fields.html"


PARTS = {
    "title": Part(gettext_lazy("Title"), task_forms.TitleForm, "title"),
    "description": Part(gettext_lazy("Description"), task_forms.DescriptionForm, "description"),
    "due": Part(gettext_lazy("Due"), DueForm, "due", "web/app/task/due.html"),
    "repeats": Part(gettext_lazy("Repeats"), RepeatsForm, "repeats", "web/app/task/repeats.html"),
    "priority": Part(gettext_lazy("Priority"), task_forms.PriorityForm, "priority"),
    "stage": Part(gettext_lazy("Stage"), task_forms.StageForm, "stage"),
    "move": Part(gettext_lazy("Project"), task_forms.MoveForm, "project"),
    "category": Part(gettext_lazy("Category"), CategoryForm, "category"),
    "labels": Part(gettext_lazy("Labels"), task_forms.LabelsForm, "labels"),
    "assign": Part(gettext_lazy("Assigned to"), task_forms.AssignForm, "assign"),
}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of the part `field`; a POST saves what it changes."""
    app, name = AppRequest(request), request.GET.get("field", "title")
    part = PARTS.get(name)
    row = row_for(pk, app.person, app.dates)
    if part is None:
        raise NotFound
    _check_may_open(row, name)
    if request.method != "POST":
        return _show(app, row, name, part.form(None, task=row.task, person=app.person))
    form = part.form(request.POST, task=row.task, person=app.person)
    if "preview" in request.GET or "preview" in request.POST:
        return _preview(app, row, name, form)
    if not form.is_valid():
        return _show(app, row, name, form, status=Invalid.status)
    try:
        return _save(app, row, name, form)
    except Refusal as refusal:
        show_refusal(form, _with_names_of_form(refusal, form))
        return _show(app, row, name, form, status=refusal.status)


def _check_may_open(row: TaskRow, name: str) -> None:
    """Raises Archived, or NotAllowed for parts that are not for assignees."""
    check_in_use(row.task)
    if name not in OF_ASSIGNEES or row.task.assigned_to_id != row.person.pk:
        check_may_edit(row.person, row.task)


def _save(app: AppRequest, row: TaskRow, name: str, form: PartForm) -> HttpResponse:
    """Saves what this form has changed, merged with what others have changed since it was opened. Raises Refusal."""
    request, person = app.http, app.person
    for attempt in range(TRIES):
        task: Any = row.task
        mine = _values(form, by=person, now=app.now)
        changes, clashes = merge(mine, _current(task, mine), request.POST.dict())
        if clashes:
            return _show(app, row, name, form, clashes=clashes, status=StaleVersion.status)
        only = isinstance(form, DueForm) and form.only_this_one and bool(task.recurrence)
        patch = TaskPatch(**changes, only_this_one=only and not changes.keys() - {"due_date", "due_time"})
        try:
            if changes:
                update_task(task.pk, patch, version=task.version, by=person, now=app.now)
            break
        except StaleVersion:
            if attempt == TRIES - 1:
                raise
            row = row_for(task.pk, person, app.dates)
            form.task = row.task
    undo = undo_of([task], patch, by=person) if patch.columns() else ""
    saved = _("%(task)s saved.") % {"task": quoted(changes.get("title", task.title))}
    return done(request, saved if changes else _("Nothing has changed."), undo=undo, touched=[task.pk])


def _values(form: PartForm, *, by: User, now: datetime) -> dict[str, Any]:
    """The fields as they are wanted. A category that is not there yet is created."""
    if not isinstance(form, CategoryForm):
        return form.values()
    name = form.cleaned_data["category"].strip()
    if not name:
        return {"category_id": None}
    known = Category.objects.filter(key=folded(name)).first()
    try:
        return {"category_id": (known or create_category(name, by=by, now=now)).pk}
    except Invalid as error:
        raise Invalid(error.detail, [FieldError("category", one.code, one.message) for one in error.errors]) from error


def _current(task: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(task, name) for name in names}


def _with_names_of_form(refusal: Refusal, form: PartForm) -> Refusal:
    """The refusal with its errors at the fields of the form, which are named like the columns."""
    if not isinstance(refusal, Invalid):
        return refusal
    alone = form.names[0] if len(form.fields) == 1 else ""
    names = {"project": "project_id", "assigned_to": "assigned_to_id", "recurrence": "rule"}
    placed = [
        FieldError(names.get(one.field.partition(".")[0], alone or one.field), one.code, one.message)
        for one in refusal.errors
    ]
    return Invalid(refusal.detail, placed)


def _show(
    app: AppRequest,
    row: TaskRow,
    name: str,
    form: PartForm,
    *,
    clashes: list[Clash] | None = None,
    status: int = 200,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The form: alone for an open page, or in the page."""
    part, request = PARTS[name], app.http
    marks = marks_of(_current(row.task, dict.fromkeys(form.names)))
    if form.is_bound and not clashes:  # what the form was opened with still counts
        marks |= {mark: sent for mark, sent in request.POST.dict().items() if mark in marks}
    editor = Editor(
        part.place,
        part.head,
        form,
        f"{reverse('task-edit', args=[row.task.pk])}?field={name}",
        part.template,
        marks,
        [_beside(clash, row, app.person) for clash in clashes or []],
        {"days": _days(row) if name == "due" else [], **(more or {})},
    )
    return show_editor(app, row, editor, status=status)


def show_editor(app: AppRequest, row: TaskRow, editor: Editor, *, status: int = 200) -> HttpResponse:
    """The form alone, in the place that htmx names or in a dialog; for others, the page with the form in it."""
    if not is_fragment(app.http):
        return task_page(app, row, editor=editor, status=status)
    context = {"editor": editor, "task": row.task, "in_dialog": "HX-Source" not in app.http.headers}
    return fragment(app.http, "app/task/editor.html", context, status=status)


def _days(row: TaskRow) -> list[tuple[str, str]]:
    """The usual days, by the clock of the task's zone."""
    today = wall_time(row.dates.now, row.task.timezone).date()
    monday = today + timedelta(days=7 - today.weekday())
    days = [(_("Today"), today), (_("Tomorrow"), today + timedelta(days=1)), (_("Next Monday"), monday)]
    none = [] if row.task.due_date is None or row.task.recurrence else [("none", _("No due date"))]
    return [*((day.isoformat(), words) for words, day in days), *none]


def _beside(clash: Clash, row: TaskRow, person: User) -> dict[str, Any]:
    """What somebody else has changed the field to in the meantime."""
    entries = Activity.objects.of_tasks().filter(task=row.task.pk, field=clash.name.removesuffix("_id"))
    last = entries.select_related("user").order_by("-id").first()
    who = called(last.user, person) if last and last.user else _("Someone")
    label = label_of(clash.name.removesuffix("_id")).lower()
    return {"name": clash.name, "label": label, "who": who, "theirs": _in_words(clash.name, clash.theirs, row)}


def _in_words(name: str, value: Any, row: TaskRow) -> str:
    if name == "priority":
        return priority_words(value)
    if name == "recurrence":
        return rule_in_words(value) if value else _("Does not repeat")
    named = {"project_id": row.task.project, "category_id": row.task.category, "assigned_to_id": row.task.assigned_to}
    if name in named:
        return str(getattr(named[name], "name", "")) or _("Nobody")
    if isinstance(value, date):
        return row.dates.day_with_date(value)
    if isinstance(value, list):
        return ", ".join(value)
    return str(value if value is not None else _("None"))


def _preview(app: AppRequest, row: TaskRow, name: str, form: PartForm) -> HttpResponse:
    """What the fields of the rule would do, without saving it."""
    more = {"preview": _previewed(form, row) if form.is_valid() else ""}
    if is_fragment(app.http):
        return fragment(app.http, "app/task/preview.html", more)
    return _show(app, row, name, form, more=more)


def _previewed(form: PartForm, row: TaskRow) -> str:
    values, dates = form.values(), row.dates
    try:
        rule = read_rule(values.get("recurrence", ""))
    except BadValue as error:
        return str(error)
    day = values.get("due_date", row.task.due_date)
    if not rule or day is None:
        return _("Choose a first due date.") if rule else _("Does not repeat.")
    basis = values.get("recurrence_from", row.task.recurrence_from)
    task = Task(due_date=day, due_time=row.task.due_time, timezone=row.task.timezone, anchor_date=day)
    task.recurrence, task.recurrence_from = rule, basis
    found, _is_all = preview(task, most=PREVIEWED, now=dates.now)
    words = rule_in_words(rule)
    said = [dates.day(wall_time(at, task.timezone).date()) for at in found[1:]]
    following = _("Next: %(dates)s.") % {"dates": ", ".join(said)} if said else _("No further dates.")
    return f"{words[:1].upper()}{words[1:]}. {following}"
