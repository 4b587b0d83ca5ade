"""Notifications: what I was told, and what became of the mail."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Flag, StrictSerializer
from taskbell.api.pagination import frame_of
from taskbell.api.parameters import PAGING, documented, query_of
from taskbell.api.session import validated
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound
from taskbell.notifications.inbox import inbox_of, mark_all_read, mark_read
from taskbell.notifications.models import State
from taskbell.search.notifications import FILTERS, KINDS, notifications_of, page_of_notifications


class NotificationOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=KINDS)
    task = serializers.IntegerField(allow_null=True)
    task_title = serializers.CharField(allow_null=True, help_text="Empty: there is none that I see.")
    created_at = serializers.DateTimeField()
    read = serializers.BooleanField()
    read_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=State.values, help_text="Where the mail is.")
    sent_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(help_text="Why the mail was not sent.")
    server_said = serializers.CharField(help_text="The last answer of the mail server.")


class NotificationChange(StrictSerializer):
    ignored = frozenset(NotificationOut().fields) - {"read"}
    read = Flag(required=False)


class NotificationPage(serializers.Serializer[Any]):
    count = serializers.IntegerField(required=False)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    unread = serializers.IntegerField(help_text="How many I have not read, whatever the filters.")
    results = NotificationOut(many=True)


class Marked(serializers.Serializer[Any]):
    marked = serializers.IntegerField()


def _as_json(notification: Any) -> dict[str, Any]:
    return {
        "id": notification.pk,
        "kind": notification.kind,
        "task": notification.task_id,
        "task_title": notification.task_title,
        "created_at": notification.created_at,
        "read": notification.read_at is not None,
        "read_at": notification.read_at,
        "state": notification.state,
        "sent_at": notification.sent_at,
        "reason": notification.reason,
        "server_said": notification.smtp_reply,
    }


class Notifications(APIView):
    """What I was told."""

    @extend_schema(
        operation_id="notifications_list",
        tags=["notifications"],
        parameters=[*documented(FILTERS), *PAGING],
        responses={200: NotificationPage},
    )
    def get(self, request: Request) -> Any:
        """Lists my notifications, the newest first, and says how many I have not read."""
        person = person_of(request)
        page = page_of_notifications(query_of(request), person)
        unread = {"unread": inbox_of(person).filter(read_at=None).count()}
        results = [_as_json(notification) for notification in page.rows]
        return etag_response(request, frame_of(page, request) | unread | {"results": results})


class NotificationDetail(APIView):
    """One notification."""

    @extend_schema(operation_id="notifications_read", tags=["notifications"], responses={200: NotificationOut})
    def get(self, request: Request, pk: int) -> Response:
        """Shows the notification, and what became of the mail."""
        return Response(_one(person_of(request), pk))

    @extend_schema(
        operation_id="notifications_change",
        tags=["notifications"],
        request=NotificationChange,
        responses={200: NotificationOut},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Marks it read or unread."""
        person = person_of(request)
        _one(person, pk)
        body = validated(NotificationChange(data=request.data))
        if "read" in body:
            mark_read(pk, read=body["read"], by=person, now=utc_now())
        return Response(_one(person, pk))


def _one(person: User, pk: int) -> dict[str, Any]:
    found = notifications_of(person).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return _as_json(found)


class AllRead(APIView):
    """All of my notifications."""

    @extend_schema(operation_id="notifications_read_all", tags=["notifications"], request=None, responses={200: Marked})
    def post(self, request: Request) -> Response:
        """Marks all of them read."""
        return Response({"marked": mark_all_read(by=person_of(request), now=utc_now())})
