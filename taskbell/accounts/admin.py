"""Sessions in the admin. People stand in `web/admin.py`: what becomes of their tasks is not known here."""

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.models import Session
from taskbell.common.admin import ReadOnlyAdmin
from taskbell.common.clock import utc_now

admin.site.unregister(Group)  # the role says what a person may do


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Where people are signed in, and where they were."""

    list_display = (
        "user",
        "user_agent",
        "address",
        "created_at",
        "last_used_at",
        "expires_at",
        "ended_at",
        "ended_because",
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "ended_because")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "address", "user_agent")
    search_help_text = "A person, an address or a browser."
    date_hierarchy = "created_at"
    fields = list_display
    actions = ("end",)

    @admin.action(description="End the chosen sessions")
    def end(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        """Signs those people out of those browsers and programs."""
        now = utc_now()
        ended = sum(
            end_sessions(session.user, now=now, because="ended by an admin", only=session.pk)
            for session in chosen.select_related("user")
        )
        self.message_user(request, f"{ended} ended.", messages.SUCCESS)
