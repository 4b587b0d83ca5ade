"""A person's notifications."""

from typing import Annotated, Any, TypedDict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Flag, StrictSerializer
from taskbell.api.pagination import frame_of
from taskbell.api.parameters import PAGING, documented, query_of
from taskbell.api.session import validated
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound
from taskbell.notifications.inbox import inbox_of, mark_all_read, mark_read
from taskbell.payloads.notifications import NotificationOut, notification_as_json
from taskbell.search.notifications import FILTERS, notifications_of, page_of_notifications

UNREAD = Annotated[int, "Your unread notifications, regardless of the filters."]


class NotificationChange(StrictSerializer):
    ignored = frozenset(NotificationOut.__annotations__) - {"read"}
    read = Flag(required=False)


class Marked(TypedDict):
    """The number of notifications that were unread before."""

    marked: int


class Notifications(APIView):
    """Your notifications."""

    @extend_schema(
        operation_id="notifications_list",
        tags=["notifications"],
        parameters=[*documented(FILTERS), *PAGING],
        responses={200: page_of(NotificationOut, unread=UNREAD)},
    )
    def get(self, request: Request) -> Any:
        """Lists your notifications, newest first, with the number of unread ones."""
        person = person_of(request)
        page = page_of_notifications(query_of(request), person)
        unread = {"unread": inbox_of(person).filter(read_at=None).count()}
        results = [notification_as_json(notification) for notification in page.rows]
        return etag_response(request, frame_of(page, request) | unread | {"results": results})


class NotificationDetail(APIView):
    """One notification."""

    @extend_schema(operation_id="notifications_read", tags=["notifications"], responses={200: NotificationOut})
    def get(self, request: Request, pk: int) -> Response:
        """Shows the notification and the outcome of its email."""
        return Response(_one(person_of(request), pk))

    @extend_schema(
        operation_id="notifications_change",
        tags=["notifications"],
        request=NotificationChange,
        responses={200: NotificationOut},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Marks the notification as read or unread."""
        person = person_of(request)
        _one(person, pk)
        body = validated(NotificationChange(data=request.data))
        if "read" in body:
            mark_read(pk, read=body["read"], by=person, now=utc_now())
        return Response(_one(person, pk))


def _one(person: User, pk: int) -> NotificationOut:
    found = notifications_of(person).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return notification_as_json(found)


class AllRead(APIView):
    """All your notifications."""

    @extend_schema(operation_id="notifications_read_all", tags=["notifications"], request=None, responses={200: Marked})
    def post(self, request: Request) -> Response:
        """Marks all your notifications as read."""
        return Response({"marked": mark_all_read(by=person_of(request), now=utc_now())})
