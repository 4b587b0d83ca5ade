"""A person's notifications."""

from typing import Annotated, Any, TypedDict

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.fields import Flag, StrictSerializer, body_of
from taskbell.api.lists import PAGING, documented, page_response, query_of
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.notifications.inbox import inbox_of, mark_all_read, mark_read
from taskbell.payloads.notifications import NotificationOut, notification_as_json
from taskbell.search.notifications import FILTERS, notifications_of, page_of_notifications

UNREAD = Annotated[int, "Your unread notifications, regardless of the filters."]


class NotificationChange(StrictSerializer):
    ignored = frozenset(NotificationOut.__annotations__)
    read = Flag(required=False)


class Marked(TypedDict):
    """The number of notifications that were unread before."""

    marked: int


class Notifications(APIView):
    @operation(
        "notifications_list",
        "notifications",
        page_of(NotificationOut, unread=UNREAD),
        parameters=[*documented(FILTERS), *PAGING],
    )
    def get(self, request: Request) -> Any:
        """Lists your notifications, newest first, with the number of unread ones."""
        person = person_of(request)
        page = page_of_notifications(query_of(request), person)
        unread = inbox_of(person).filter(read_at=None).count()
        return page_response(request, page, notification_as_json, unread=unread)


class NotificationDetail(APIView):
    @operation("notifications_read", "notifications", NotificationOut)
    def get(self, request: Request, pk: int) -> NotificationOut:
        """Shows the notification and the outcome of its email."""
        return _one(person_of(request), pk)

    @operation("notifications_change", "notifications", NotificationOut, takes=NotificationChange)
    def patch(self, request: Request, pk: int) -> NotificationOut:
        """Marks the notification as read or unread."""
        person = person_of(request)
        _one(person, pk)
        body = body_of(request, NotificationChange)
        if "read" in body:
            mark_read(pk, read=body["read"], by=person, now=utc_now())
        return _one(person, pk)


def _one(person: User, pk: int) -> NotificationOut:
    return notification_as_json(get_object_or_404(notifications_of(person), pk=pk))


class AllRead(APIView):
    @operation("notifications_read_all", "notifications", Marked)
    def post(self, request: Request) -> Marked:
        """Marks all your notifications as read."""
        return {"marked": mark_all_read(by=person_of(request), now=utc_now())}
