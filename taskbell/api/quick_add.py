"""Quick add: one line of text becomes a task."""

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.api import fields, idempotency
from taskbell.api.authentication import person_of
from taskbell.api.etags import tag_of
from taskbell.api.fields import StrictSerializer, body_of
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.payloads.quick_add import LineOut, line_as_json
from taskbell.payloads.tasks import task_as_json
from taskbell.quick_add.actions import MAX_TEXT, create_from_line, read_for
from taskbell.tasks.policy import check_may_create

MAX_REFUSED = 100  # spans
REFUSED_HELP = "Pairs of start and end, as in `chips`: the words there stay in the title."
EXAMPLE = {"text": "Pay rent tomorrow 9:00 !high #Finance every month ~1h"}


class LineIn(StrictSerializer):
    text = fields.DocumentedText(max_length=MAX_TEXT, trim_whitespace=False)
    dry_run = fields.Flag(default=False, help_text="Only read the line; nothing is created.")
    refused = serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(min_value=0, max_value=MAX_TEXT), min_length=2, max_length=2
        ),
        max_length=MAX_REFUSED,
        required=False,
        help_text=REFUSED_HELP,
    )
    timezone = fields.Zone(required=False, help_text="Yours, unless you name another one.")


class QuickAdd(APIView):
    @operation(
        "tasks_quick_add",
        "tasks",
        LineOut,
        status=201,
        dry=LineOut,
        takes=LineIn,
        parameters=[idempotency.HEADER],
        sent={"A line": EXAMPLE, "A dry run": EXAMPLE | {"dry_run": True}},
        may=check_may_create,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Creates a task from one line, in English or German. A dry run answers 200 with what it would be."""
        body = body_of(request, LineIn)
        if body["dry_run"]:
            return self._read(request, body)
        return idempotency.once(request, lambda: self._create(request, body))

    def _read(self, request: Request, body: dict[str, Any]) -> Response:
        zone = _zone(request, body)
        reading = read_for(person_of(request), body["text"], zone=zone, refused=_refused(body), now=utc_now())
        return Response(line_as_json(reading, zone))

    def _create(self, request: Request, body: dict[str, Any]) -> Response:
        person, zone = person_of(request), _zone(request, body)
        created, reading = create_from_line(body["text"], zone=zone, refused=_refused(body), by=person, now=utc_now())
        task = task_as_json(created.pk, person, also_hidden=True)
        headers = {"ETag": tag_of(task), "Location": f"/api/tasks/{created.pk}/"}
        return Response(line_as_json(reading, zone, task), status=201, headers=headers)


def _zone(request: Request, body: dict[str, Any]) -> str:
    zone: str = body.get("timezone") or person_of(request).profile.timezone
    return zone


def _refused(body: dict[str, Any]) -> list[tuple[int, int]]:
    return [(start, end) for start, end in body.get("refused", ())]
