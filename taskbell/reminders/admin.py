"""Reminders in the admin: read-only. They are changed on their task, which writes the history."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from taskbell.common.admin import ReadOnlyAdmin
from taskbell.common.clock import utc_now
from taskbell.reminders.models import Reminder

GRACE = timedelta(minutes=1)  # what is due fires within seconds


class LateReminderFilter(admin.SimpleListFilter):
    """Reminders that should have fired."""

    title, parameter_name = _("Not on time"), "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Reminder]) -> QuerySet[Reminder]:
        return queryset.filter(next_at__lte=utc_now() - GRACE) if self.value() == "yes" else queryset


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    """Reminders to fire, and fired ones."""

    list_display = ("task", "next_at", "state", "fired_at", "recipient", "created_by", "at")
    list_filter = (LateReminderFilter, "state")
    list_select_related = ("task", "recipient", "created_by")
    search_fields = ("task__title", "recipient__username", "created_by__username")
    search_help_text = _("Search by the title of a task, or by person.")
    date_hierarchy = "at"
    fields = (
        *("task", "state", "at", "next_at", "fired_at", "recipient", "created_by"),
        *("wall_date", "wall_time", "timezone", "repeat", "is_snooze"),
    )
