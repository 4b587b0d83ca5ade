"""Reports, exports and imports in the admin: read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from taskbell.common.admin import ReadOnlyAdmin
from taskbell.reports.models import Report


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    """What workers build and read, and what went wrong with it."""

    list_display = ("created_at", "person", "kind", "state", "problem", "progress", "finished_at", "attempt")
    list_filter = ("state", "kind", "format")
    list_select_related = ("person",)
    search_fields = ("person__username", "person__email")
    search_help_text = _("Search by person.")
    date_hierarchy = "created_at"
    fields = (
        *("person", "kind", "format", "state", "problem", "progress", "written", "size"),
        *("created_at", "finished_at", "attempt", "lease_until"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("keys", "query")
