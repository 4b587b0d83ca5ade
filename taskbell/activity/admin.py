"""The history in the admin, read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from taskbell.activity.models import Activity
from taskbell.common.admin import ReadOnlyAdmin

SUBJECT = ("subject_type", "subject_id")
CHANGE = ("action", "field", "old_value", "new_value")


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    """Every change of tasks, categories, people and invitations, the newest first."""

    list_display = ("timestamp", "user", *SUBJECT, *CHANGE, "task_id")
    list_filter = ("subject_type", "action", "field")
    list_select_related = ("user",)
    search_fields = ("=task__id", "=subject_id", "user__username", "user__email", "action", "field")
    search_help_text = "The number of a task or another subject, a person, an action or a field."
    date_hierarchy = "timestamp"
    fields = ("timestamp", "user", "session", *SUBJECT, *CHANGE, "task_id")
    readonly_fields = fields
    show_full_result_count = False  # the history grows without end; counting it all is not worth the wait

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(person=None)
