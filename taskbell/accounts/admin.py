"""Sessions in the admin. People are in `web/admin.py`, because changing them also changes their tasks."""

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.models import Session
from taskbell.common.admin import ReadOnlyAdmin
from taskbell.common.clock import utc_now

admin.site.unregister(Group)  # permissions come from the role


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Current and past sessions."""

    list_display = (
        *("user", "user_agent", "address"),
        *("created_at", "last_used_at", "expires_at", "ended_at", "ended_because"),
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "ended_because")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "address", "user_agent")
    search_help_text = "Search by person, network address or browser."
    date_hierarchy = "created_at"
    fields = list_display
    actions = ("end",)

    @admin.action(description="End the selected sessions")
    def end(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        """Signs the people out of these sessions."""
        now = utc_now()
        ended = sum(
            end_sessions(session.user, now=now, because="ended by an admin", only=session.pk)
            for session in chosen.select_related("user")
        )
        self.message_user(request, f"{ended} sessions ended.", messages.SUCCESS)
