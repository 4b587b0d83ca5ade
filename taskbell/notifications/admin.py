"""Notifications and their emails in the admin: to be read, and to be sent again."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from taskbell.common.admin import ReadOnly, ReadOnlyAdmin, Rows
from taskbell.common.admin_filters import LateFilter
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail.delivery import retry
from taskbell.notifications.models import Delivery, DeliveryState, Notification


class LateEmailFilter(LateFilter):
    """Emails that should have been sent."""

    def late(self, rows: Any, until: datetime) -> Any:
        return rows.filter(pk__in=Delivery.objects.unsent().filter(due_at__lte=until).values("notification"))


class DeliveryInline(ReadOnly, Rows, admin.StackedInline):  # type: ignore[type-arg]
    """Each channel, and what the mail server replied."""

    model = Delivery
    fk_name = "notification"
    # Without the email itself: it may contain a link that signs its reader in.
    fields = (
        *("channel", "state", "why", "server_reply", "due_at", "sent_at", "attempt", "not_before"),
        *("message_id", "lease_until", "final_dot_at", "ambiguous", "caused_by", "admitted_at", "gathered_into"),
    )
    readonly_fields = ("why",)

    @admin.display(description=gettext_lazy("Why it was not sent"))
    def why(self, delivery: Delivery) -> str:
        """The reason, which is stored in English."""
        return _(delivery.reason) if delivery.reason else "-"


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Who was notified of what, when, and what the mail server replied."""

    list_display = ("due_at", "to", "kind", "state", "why", "attempts", "lateness", "task", "twice")
    list_filter = ("deliveries__state", LateEmailFilter, "kind", "deliveries__ambiguous")
    list_select_related = ("recipient", "task")
    search_fields = ("recipient__username", "recipient__email", "address", "task__title", "deliveries__message_id")
    search_help_text = gettext_lazy("Search by person, by the title of a task, or by Message-ID.")
    date_hierarchy = "due_at"
    fields = ("recipient", "address", "kind", "task", "created_at", "due_at", "read_at", "dedupe_key")
    inlines = (DeliveryInline,)
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        lateness = ExpressionWrapper(F("mail__sent_at") - F("mail__due_at"), output_field=DurationField())
        return Notification.objects.with_mail().annotate(lateness=lateness)

    @admin.action(description=gettext_lazy("Send failed or cancelled emails again"), permissions=["view"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Notification]) -> None:
        """Puts the emails back into the outbox."""
        mails = Delivery.objects.mails().filter(notification__in=list(chosen.values_list("pk", flat=True)))
        count = retry(mails, now=utc_now())
        said = ngettext("%(n)d email will be sent again.", "%(n)d emails will be sent again.", count)
        self.message_user(request, said % {"n": count})

    @admin.display(description=gettext_lazy("To"), ordering="recipient")
    def to(self, notification: Notification) -> str:
        """The person, or the address of a person without an account."""
        return str(notification.recipient or notification.address)

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state(self, notification: Any) -> Any:
        """The state of the email."""
        return DeliveryState(notification.state).label if notification.state else None

    @admin.display(description=gettext_lazy("Why"))
    def why(self, notification: Any) -> str | None:
        """Why the email was not sent, and what the mail server said."""
        reason = _(notification.reason) if notification.reason else ""
        return " ".join(filter(None, (reason, notification.server_reply))) or None

    @admin.display(description=gettext_lazy("Attempts"), ordering="attempt")
    def attempts(self, notification: Any) -> Any:
        """How often it was tried."""
        return notification.attempt

    @admin.display(description=gettext_lazy("Lateness"), ordering="lateness")
    def lateness(self, notification: Any) -> str | None:
        """How long after its time it was sent."""
        late = notification.lateness
        return None if late is None else _("%(seconds)s s later") % {"seconds": round(late.total_seconds(), 1)}

    @admin.display(description=gettext_lazy("Perhaps sent twice"), ordering="ambiguous", boolean=True)
    def twice(self, notification: Any) -> Any:
        """Whether it was sent again although the server may have had it."""
        return notification.ambiguous
