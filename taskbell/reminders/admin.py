"""Reminders in the admin: read-only. They are changed on their task, which writes the history."""

from django.contrib import admin

from taskbell.common.admin import ReadOnlyAdmin
from taskbell.reminders.models import Reminder


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    """Reminders to fire, and fired ones."""

    list_display = ("task", "at", "next_at", "state", "fired_at", "recipient", "created_by")
    list_filter = ("state",)
    list_select_related = ("task", "recipient", "created_by")
    search_fields = ("task__title", "recipient__username", "created_by__username")
    search_help_text = "A task title, or a person."
    date_hierarchy = "at"
    show_full_result_count = False
