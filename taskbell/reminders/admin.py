"""Reminders in the admin: to be read. They are set on their task, where the history hears of it."""

from django.contrib import admin

from taskbell.common.admin import ReadOnlyAdmin
from taskbell.reminders.models import Reminder


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    """What will fire, and what has."""

    list_display = ("task", "at", "next_at", "state", "fired_at", "recipient", "created_by")
    list_filter = ("state",)
    list_select_related = ("task", "recipient", "created_by")
    search_fields = ("task__title", "recipient__username", "created_by__username")
    search_help_text = "The title of a task, or a person."
    date_hierarchy = "at"
    show_full_result_count = False
