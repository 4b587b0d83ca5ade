"""Reminders in the admin: read-only. They are changed on their task, which writes the history."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from taskbell.common.admin import ReadOnlyAdmin
from taskbell.common.admin_filters import LateFilter
from taskbell.reminders.models import Reminder


class LateReminderFilter(LateFilter):
    """Reminders that should have fired."""

    def late(self, rows: Any, until: datetime) -> Any:
        return rows.filter(next_at__lte=until)


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
