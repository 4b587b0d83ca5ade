"""Tasks, categories and labels in the admin. The verbs make every change, so the history stays complete."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from taskbell.common.admin import DeletesByVerb, ReadOnly, Rows, admin_person
from taskbell.common.admin_columns import MomentColumn
from taskbell.common.clock import utc_now
from taskbell.common.reader_dates import ReaderDates
from taskbell.common.text import folded
from taskbell.projects.audience import PEOPLE_FIELDS
from taskbell.reminders.models import Reminder
from taskbell.tasks import actions, categories, label_actions
from taskbell.tasks.kinds import STATUS_WORDS
from taskbell.tasks.label_models import Label
from taskbell.tasks.labels import names_of_labels
from taskbell.tasks.models import Category, Prerequisite, Task, is_blocked
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.prerequisites import MAX_PREREQUISITES
from taskbell.tasks.validation import read_columns

WRITTEN_BY_PROGRAM = (
    *("project", "created_by", "timezone", "due_at", "is_overdue", "blocked"),
    *("completed_at", "created_at", "updated_at", "deleted_at", "version"),
)
MAIN_FIELDS = ("title", "description", "project", "category", ("stage", "priority"), "assigned_to", "labels", "blocked")


class DeletedFilter(admin.SimpleListFilter):
    """Hides deleted tasks unless they are asked for."""

    title, parameter_name = gettext_lazy("Deleted"), "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("No")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


class BlockedFilter(admin.SimpleListFilter):
    """Blocked tasks, or the others."""

    title, parameter_name = gettext_lazy("Blocked"), "blocked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = {"yes": queryset.blocked, "no": queryset.free}
        return chosen.get(self.value() or "", queryset.all)()


class Due(MomentColumn):
    """When a task is due: a moment, or a day if it has no time."""

    def __call__(self, task: Any) -> Any:
        if task.due_date is None or task.due_time is not None:
            return super().__call__(task)
        return self.dates.day(task.due_date)


class ReminderInline(ReadOnly, Rows, admin.StackedInline):  # type: ignore[type-arg]
    """The reminders of the task."""

    model = Reminder
    fields = (("at", "next_at"), ("state", "fired_at"), ("recipient", "created_by"))


class PrerequisiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """One prerequisite, which shows its task without another query."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.needs_id and "needs" in self.fields:
            self.fields["needs"].widget.widget.chosen = self.instance.needs


class PrerequisiteInline(Rows, admin.TabularInline):  # type: ignore[type-arg]
    """The prerequisites of the task. The verb links them, and refuses cycles."""

    model = Prerequisite
    form = PrerequisiteForm
    fk_name = "task"
    fields = ("needs", "stage")
    readonly_fields = ("stage",)
    autocomplete_fields = ("needs",)
    max_num = MAX_PREREQUISITES
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prerequisite]:
        return super().get_queryset(request).filter(needs__deleted_at=None).select_related("needs")

    @admin.display(description=gettext_lazy("Stage"))
    def stage(self, link: Prerequisite) -> str:
        """The stage of the prerequisite."""
        return link.needs.get_stage_display() if link.needs_id else "-"


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """A task. The rules of the verbs apply; their errors are shown at the fields."""

    def clean(self) -> Any:
        given = super().clean()
        for error in read_columns(self.patch())[1].values():
            self.add_error(error.field, error.message)
        return given

    def patch(self) -> TaskPatch:
        """The changes made in the form."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}
        for name in changed.keys() & {"category", "assigned_to"}:
            row = changed.pop(name)
            changed[f"{name}_id"] = row and row.pk
        return TaskPatch(**changed)


@admin.register(Task)
class TaskAdmin(DeletesByVerb):
    """All tasks. Deleting one keeps its reminders, notifications and history."""

    form = TaskForm
    list_display = ("title", "state", "due_at", "assigned_to", "project", "priority", "blocked", "category")
    list_filter = ("stage", "is_overdue", BlockedFilter, "priority", DeletedFilter, "category")
    list_select_related = ("project", "category", "assigned_to", "created_by")
    search_fields = ("search_text__text__contains", *(f"{who}__name_folded__contains" for who in PEOPLE_FIELDS))
    search_help_text = gettext_lazy("Search by title, description or person.")
    date_hierarchy = "due_at"
    ordering = ("-id",)
    autocomplete_fields = ("category", "assigned_to")
    readonly_fields = (*WRITTEN_BY_PROGRAM, "labels", "trail")
    inlines = (PrerequisiteInline, ReminderInline)
    fieldsets = (
        (None, {"fields": MAIN_FIELDS}),
        (gettext_lazy("Due"), {"fields": [("due_date", "due_time"), "timezone", "due_at", "is_overdue"]}),
        (
            gettext_lazy("History"),
            {"fields": ["trail", "created_by", "created_at", "updated_at", "completed_at", "deleted_at", "version"]},
        ),
    )

    @admin.display(description=gettext_lazy("Status"), ordering="stage")
    def state(self, task: Task) -> Any:
        """The status in words."""
        return STATUS_WORDS[task.status]

    @admin.display(description=gettext_lazy("Blocked"))
    def blocked(self, task: Any) -> str:
        """Whether some prerequisite is still open."""
        return _("yes") if getattr(task, "is_blocked", False) else _("no")

    @admin.display(description=gettext_lazy("Labels"))
    def labels(self, task: Task) -> str:
        """The names of its labels."""
        return ", ".join(names_of_labels(Label.objects.filter(links__task=task.pk)))

    @admin.display(description=gettext_lazy("More"))
    def trail(self, task: Task) -> str:
        """Links to the history of the task and to the notifications about it."""
        if task.pk is None:
            return "-"
        return format_html(
            '<a href="{0}?task__id__exact={2}">{3}</a> · <a href="{1}?task__id__exact={2}">{4}</a>',
            reverse("admin:activity_activity_changelist"),
            reverse("admin:notifications_notification_changelist"),
            task.pk,
            _("Activity"),
            _("Emails and notifications"),
        )

    def column(self, name: Any, dates: ReaderDates) -> Any:
        """The column of this name; due dates without a time are days."""
        return Due(name, self.words[name], dates) if name == "due_at" else super().column(name, dates)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(is_blocked=is_blocked())

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Offers no deleted task as a prerequisite."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return (found.filter(deleted_at=None) if request.path.endswith("/autocomplete/") else found), may_repeat

    def get_inlines(self, request: HttpRequest, obj: Task | None) -> list[Any]:
        return list(self.inlines) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.deleted_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.deleted_at is None)

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        person, now = admin_person(request), utc_now()
        if change:
            actions.update_task(obj.pk, form.patch(), by=person, now=now)
        else:
            obj.pk = actions.create_task(form.patch(), by=person, now=now).pk
        obj.refresh_from_db()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)  # for the admin's own log
        if formset.model is not Prerequisite or not formset.has_changed():
            return
        rows = [row.cleaned_data for row in formset.forms if row.cleaned_data.get("needs")]
        wanted = [row["needs"].pk for row in rows if not row.get("DELETE")]
        patch = TaskPatch(pre_tasks=wanted)
        actions.update_task(form.instance.pk, patch, by=admin_person(request), now=utc_now())

    def delete_model(self, request: HttpRequest, obj: Task) -> None:
        actions.delete_task(obj.pk, by=admin_person(request), now=utc_now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        super().delete_queryset(request, queryset.filter(deleted_at=None))


class SharedNameAdmin(DeletesByVerb):
    """Names that everybody shares, each with the number of its tasks."""

    tasks: str  # the path to them
    list_display = ("name", "tasks_with_it", "created_by", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("key__contains",)
    fold_search = staticmethod(folded)
    ordering = ("name_sort", "id")
    readonly_fields = ("created_by", "created_at")
    fields = ("name", *readonly_fields)

    def get_queryset(self, request: HttpRequest) -> Any:
        present = Count(self.tasks, filter=Q(**{f"{self.tasks}__deleted_at": None}))
        return super().get_queryset(request).annotate(number_of_tasks=present)

    @admin.display(description=gettext_lazy("Tasks"), ordering="number_of_tasks")
    def tasks_with_it(self, row: Any) -> int:
        """How many tasks it has, without those in the trash."""
        return int(row.number_of_tasks)


@admin.register(Category)
class CategoryAdmin(SharedNameAdmin):
    """The shared categories. One that has tasks can't be deleted."""

    tasks = "tasks"

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        person = admin_person(request)
        if change:
            categories.rename_category(obj.pk, obj.name, by=person, now=utc_now())
        else:
            obj.pk = categories.create_category(obj.name, by=person, now=utc_now()).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        categories.delete_category(obj.pk, move_to=None, by=admin_person(request), now=utc_now())


@admin.register(Label)
class LabelAdmin(SharedNameAdmin):
    """The shared labels. People create them on tasks. Renaming one to the name of another merges the two."""

    tasks = "links__task"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Label, form: Any, change: bool) -> None:
        obj.pk = label_actions.rename_label(obj.pk, obj.name, by=admin_person(request), now=utc_now()).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Label) -> None:
        label_actions.delete_label(obj.pk, by=admin_person(request), now=utc_now())
