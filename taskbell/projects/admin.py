"""Projects in the admin: read-only. Their owners change them; admins can do so through the API."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from taskbell.common.admin import ReadOnly, ReadOnlyAdmin
from taskbell.projects.models import Membership, Project


class MembershipInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """The members of the project."""

    model = Membership
    fields = ("person", "role", "added_at")
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("person", "project")


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    """Shared projects, those in the trash included. Inboxes are not listed."""

    list_display = ("name", "created_by", "created_at", "archived_at", "deleted_at")
    list_select_related = ("created_by",)
    list_filter = (("archived_at", admin.EmptyFieldListFilter), ("deleted_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "memberships__person__username")
    search_help_text = "A name, or the username of a member."
    ordering = ("name_sort", "id")
    readonly_fields = ("links",)
    inlines = (MembershipInline,)

    @admin.display(description="what belongs to it")
    def links(self, project: Project) -> str:
        """Links to its tasks, and to the history of the project and its members."""
        return format_html(
            '<a href="{0}?project__id__exact={2}">Tasks</a> · '
            '<a href="{1}?project_id={2}&amp;task__isnull=True">Changes</a>',
            reverse("admin:tasks_task_changelist"),
            reverse("admin:activity_activity_changelist"),
            project.pk,
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(inbox_of=None)
