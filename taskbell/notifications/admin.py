"""Messages and their mails in the admin: to be read, and to be sent again."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from taskbell.common.admin import ReadOnlyAdmin
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail.delivery import retry
from taskbell.notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Who was told what, when, and what the mail server said."""

    list_display = ("due_at", "told", "kind", "task", "state", "sent_at", "lateness", "attempt", "ambiguous")
    list_filter = ("state", "kind", "ambiguous")
    list_select_related = ("recipient", "task")
    search_fields = ("recipient__username", "recipient__email", "address", "task__title", "message_id")
    search_help_text = "A person, the title of a task, or a Message-ID."
    date_hierarchy = "due_at"
    show_full_result_count = False
    # The mail itself is left out: it may carry a link that lets its reader in.
    fieldsets = (
        (None, {"fields": ["recipient", "address", "kind", "task", "created_at", "due_at", "read_at"]}),
        ("Mail", {"fields": ["state", "reason", "sent_at", "lateness", "smtp_reply", "message_id"]}),
        ("Attempts", {"fields": ["attempt", "not_before", "lease_until", "dot_at", "ambiguous", "dedupe_key"]}),
    )

    actions = ("send_again",)

    @admin.action(description="Send again what failed or was cancelled", permissions=["view"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Notification]) -> None:
        """Puts the mails back into the outbox."""
        now = utc_now()
        sent = sum(retry(pk, now=now) for pk in chosen.values_list("pk", flat=True))
        self.message_user(request, f"{sent} mails will be sent again.")

    @admin.display(description="to", ordering="recipient")
    def told(self, notification: Notification) -> str:
        """The person, or the address of somebody who is not one here yet."""
        return str(notification.recipient or notification.address)

    @admin.display(description="lateness")
    def lateness(self, notification: Notification) -> timedelta | None:
        """From when the person should have heard of it until the server took the mail."""
        return notification.sent_at - notification.due_at if notification.sent_at else None
