"""Projects in the admin: read-only. Their owners change them; admins can do so on their pages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from taskbell.common.admin import ReadOnly, ReadOnlyAdmin, Rows
from taskbell.projects.models import Membership, Project


class MembershipInline(ReadOnly, Rows, admin.TabularInline):  # type: ignore[type-arg]
    """The members of the project."""

    model = Membership
    fields = ("person", "role", "added_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("person", "project")


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    """Shared projects, those in the trash included. Inboxes are not listed."""

    list_display = ("name", "created_by", "created_at", "archived_at", "deleted_at")
    list_select_related = ("created_by",)
    list_filter = (("archived_at", admin.EmptyFieldListFilter), ("deleted_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "memberships__person__username")
    search_help_text = gettext_lazy("Search by name, or by the username of a member.")
    ordering = ("name_sort", "id")
    readonly_fields = ("links",)
    fields = ("name", "description", "links", "created_by", "created_at", "updated_at", "archived_at", "deleted_at")
    inlines = (MembershipInline,)

    @admin.display(description=gettext_lazy("More"))
    def links(self, project: Project) -> str:
        """Links to its tasks, and to the history of the project and its members."""
        return format_html(
            '<a href="{0}?project__id__exact={2}">{3}</a> · <a href="{1}?project_id={2}&amp;task__isnull=True">{4}</a>',
            reverse("admin:tasks_task_changelist"),
            reverse("admin:activity_activity_changelist"),
            project.pk,
            _("Tasks"),
            _("Activity"),
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(inbox_of=None)
