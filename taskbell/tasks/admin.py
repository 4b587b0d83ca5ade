"""Tasks in the admin: changed by the same verbs as everywhere, so that the history stays complete."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.errors import Refusal
from taskbell.reminders.models import Reminder
from taskbell.tasks import actions
from taskbell.tasks.models import Task

WRITTEN_BY_PROGRAM = (
    *("created_by", "timezone", "due_at", "is_overdue"),
    *("completed_at", "created_at", "updated_at", "deleted_at", "version"),
)


class DeletedFilter(admin.SimpleListFilter):
    """Tasks that are there, until one asks for those that were deleted."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Deleted"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "No"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


class ReminderInline(admin.TabularInline):  # type: ignore[type-arg]
    """The reminders of the task, to be read."""

    model = Reminder
    fields = readonly_fields = ("at", "next_at", "state", "fired_at", "recipient", "created_by")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """All tasks, whoever they concern."""

    list_display = ("title", "status", "priority", "due_at", "assigned_to", "created_by", "updated_at")
    list_filter = ("stage", "is_overdue", "priority", DeletedFilter)
    list_select_related = ("assigned_to", "created_by")
    search_fields = ("title", "description", "assigned_to__username", "created_by__username")
    search_help_text = "Words of the title or description, or a person."
    date_hierarchy = "due_at"
    ordering = ("-id",)
    show_full_result_count = False
    autocomplete_fields = ("assigned_to",)
    readonly_fields = (*WRITTEN_BY_PROGRAM, "trail")
    inlines = (ReminderInline,)
    fieldsets = (
        (None, {"fields": ["title", "description", "stage", "priority", "assigned_to"]}),
        ("Due", {"fields": [("due_date", "due_time"), "timezone", "due_at", "is_overdue"]}),
        (
            "History",
            {"fields": ["trail", "created_by", "created_at", "updated_at", "completed_at", "deleted_at", "version"]},
        ),
    )

    @admin.display(description="what happened")
    def trail(self, task: Task) -> str:
        """Links to the changes of the task and to the messages about it."""
        if task.pk is None:
            return "-"
        return format_html(
            '<a href="{0}?task__id__exact={2}">Changes</a> · <a href="{1}?task__id__exact={2}">Messages</a>',
            reverse("admin:activity_activity_changelist"),
            reverse("admin:notifications_notification_changelist"),
            task.pk,
        )

    def get_inlines(self, request: HttpRequest, obj: Task | None) -> list[Any]:
        return list(self.inlines) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.deleted_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.deleted_at is None)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form; a refusal is told above it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Task, form: "ModelForm[Task]", change: bool) -> None:
        person, now = cast(User, request.user), utc_now()
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            actions.update_task(obj.pk, actions.Wish(fields), by=person, now=now)
        else:
            obj.pk = actions.create_task(actions.Wish(fields), by=person, now=now).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Task) -> None:
        actions.delete_task(obj.pk, by=cast(User, request.user), now=utc_now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        for task in queryset.filter(deleted_at=None):
            self.delete_model(request, task)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The tasks alone: deleting one leaves its reminders, messages and history where they are."""
        titles = [str(task) for task in objs]
        return titles, {"tasks": len(titles)}, set(), []
