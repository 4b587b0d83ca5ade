"""Notifications and their emails in the admin: to be read, and to be sent again."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from taskbell.common.admin import ReadOnly, ReadOnlyAdmin
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail.delivery import retry
from taskbell.notifications.models import Delivery, Notification


def _column(name: str, *, boolean: bool = False) -> Callable[[Any, Any], Any]:
    """A column of the email, in the list of notifications."""

    @admin.display(description=name.replace("_", " "), ordering=name, boolean=boolean)
    def show(_: Any, notification: Any) -> Any:
        return getattr(notification, name)

    return show


class DeliveryInline(ReadOnly, admin.StackedInline):  # type: ignore[type-arg]
    """Each channel, and what the mail server replied."""

    model = Delivery
    fk_name = "notification"
    # Without the email itself: it may contain a link that signs its reader in.
    fields = (
        *("channel", "state", "reason", "due_at", "sent_at", "server_reply", "message_id"),
        *("attempt", "not_before", "lease_until", "final_dot_at", "ambiguous"),
        *("caused_by", "admitted_at", "gathered_into"),
    )


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Who was notified of what, when, and what the mail server replied."""

    list_display = ("due_at", "to", "kind", "task", "state", "sent_at", "lateness", "attempt", "ambiguous")
    list_filter = ("deliveries__state", "kind", "deliveries__ambiguous")
    list_select_related = ("recipient", "task")
    search_fields = ("recipient__username", "recipient__email", "address", "task__title", "deliveries__message_id")
    search_help_text = "A person, the title of a task, or a Message-ID."
    date_hierarchy = "due_at"
    show_full_result_count = False
    fields = ("recipient", "address", "kind", "task", "created_at", "due_at", "read_at", "dedupe_key")
    inlines = (DeliveryInline,)
    actions = ("send_again",)

    state, sent_at, attempt = _column("state"), _column("sent_at"), _column("attempt")
    ambiguous = _column("ambiguous", boolean=True)
    lateness = _column("lateness")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        lateness = ExpressionWrapper(F("mail__sent_at") - F("mail__due_at"), output_field=DurationField())
        return Notification.objects.with_mail().annotate(lateness=lateness)

    @admin.action(description="Send failed or cancelled emails again", permissions=["view"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Notification]) -> None:
        """Puts the emails back into the outbox."""
        mails = Delivery.objects.mails().filter(notification__in=list(chosen.values_list("pk", flat=True)))
        count = retry(mails, now=utc_now())
        self.message_user(request, f"{count} email{pluralize(count)} will be sent again.")

    @admin.display(description="to", ordering="recipient")
    def to(self, notification: Notification) -> str:
        """The person, or the address of a person without an account."""
        return str(notification.recipient or notification.address)
