"""The person's notifications, and what happened to each email; for ADMINs, all deliveries."""

from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotAllowed
from taskbell.notifications.channels.mail.delivery import retry
from taskbell.notifications.inbox import mark_all_read, mark_read
from taskbell.notifications.kinds import title_of
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.search.notifications import page_of_notifications
from taskbell.search.parameters import whole_number
from taskbell.tasks.models import Task
from taskbell.web.door import done, person_of, sent, signed_in
from taskbell.web.shell import RECENT_MAILS, AppRequest, failed_mails

PAGE_SIZE = 100
ICONS = {
    "reminder": "bell",
    "task_assigned": "user",
    "task_updated": "pencil",
    "unblocked": "check",
    "overdue": "clock",
    "due_digest": "sun",
    "mentioned": "message-circle",
    "commented": "message-circle",
    "project_shared": "folder",
}
OTHER_ICON = "mail"
STATES: dict[str, Any] = dict(DeliveryState.choices)


@signed_in
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """The page: failed emails on top, then the unread ones, then the others."""
    app = AppRequest(request)
    page = page_of_notifications({"page": request.GET.get("page", "1"), "page_size": str(PAGE_SIZE)}, app.person)
    items = [_item(one) for one in page.rows]
    seen = Task.objects.visible_to(app.person).filter(pk=OuterRef("notification__task")).order_by()
    title = Subquery(seen.values("title")[:1])
    failed = failed_mails(app.person, since=app.now - RECENT_MAILS) if app.shell.failed else Delivery.objects.none()
    failed = failed.select_related("notification").annotate(task_title=title).order_by("-due_at")[:10]
    context = {
        "failed": [_mail(one) for one in failed],
        "unread": [item for item in items if item["row"].read_at is None],
        "read": [item for item in items if item["row"].read_at is not None],
        "further": page.next,
        "here": "notifications",
    }
    return app.page("app/notifications.html", context)


def _item(one: Any) -> dict[str, Any]:
    icon = ICONS.get(one.kind, OTHER_ICON)
    return {"row": one, "words": title_of(one.kind), "icon": icon, "state": STATES.get(one.state, "")}


@signed_in
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Marks a notification read; with `unread`, unread again."""
    is_read = sent(request, "unread") != "true"
    mark_read(pk, read=is_read, by=person_of(request), now=utc_now())
    undo = "" if not is_read else f"{request.path}?unread=true"
    return done(request, _("Marked as read.") if is_read else _("Marked as unread."), undo=undo, to="/notifications/")


@signed_in
@require_POST
def mark_all(request: HttpRequest) -> HttpResponse:
    """Marks all notifications read."""
    mark_all_read(by=person_of(request), now=utc_now())
    return done(request, _("All marked as read."), to="/notifications/")


@signed_in
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """For ADMINs: every email, how late it was, and what the mail server said."""
    app, state = AppRequest(request), request.GET.get("state", "")
    _check(app.person)
    number = whole_number(request.GET.dict(), "page", default=1, most=10_000)
    lateness = ExpressionWrapper(F("sent_at") - F("due_at"), output_field=DurationField())
    mails = Delivery.objects.mails().annotate(lateness=lateness).order_by("-id")
    mails = mails.filter(state=state) if state in DeliveryState.values else mails
    start = (number - 1) * PAGE_SIZE
    shown = list(mails.select_related("notification__recipient", "notification__task")[start : start + PAGE_SIZE + 1])
    context = {
        "emails": [_mail(one) for one in shown[:PAGE_SIZE]],
        "states": STATES,
        "state": state,
        "further": number + 1 if len(shown) > PAGE_SIZE else None,
        "here": "deliveries",
    }
    return app.page("app/deliveries.html", context)


def _mail(one: Delivery) -> dict[str, Any]:
    return {"row": one, "words": title_of(one.notification.kind), "state": STATES[one.state]}


@signed_in
@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts a failed or cancelled email back into the outbox."""
    _check(person_of(request))
    count = retry(Delivery.objects.mails().filter(pk=pk), now=utc_now())
    said = (
        _("The email will be sent again.")
        if count
        else _("The email was already sent, or is still waiting to be sent.")
    )
    return done(request, said, to="/deliveries/")


def _check(person: User) -> None:
    if not person.can(Capability.MANAGE_PEOPLE):
        raise NotAllowed(_("Only admins see all deliveries."))
