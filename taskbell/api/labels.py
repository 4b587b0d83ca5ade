"""Labels: names that people put on tasks. They come into being when they are written on a task."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.fields import DocumentedText, StrictSerializer, body_of
from taskbell.api.lists import PAGING, rows_response
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.payloads.names import LabelOut, label_as_json
from taskbell.search.keyset import BY_NAME
from taskbell.tasks import label_actions
from taskbell.tasks.label_models import Label
from taskbell.tasks.labels import MAX_NAME
from taskbell.tasks.policy import check_may_change_shared


class LabelChange(StrictSerializer):
    ignored = frozenset({"id", "created_by", "created_at"})
    name = DocumentedText(max_length=MAX_NAME, required=False)


class Labels(APIView):
    @operation("labels_list", "labels", page_of(LabelOut), parameters=PAGING)
    def get(self, request: Request) -> Any:
        """Lists the labels by name. To create one, write it on a task."""
        return rows_response(request, Label.objects.all(), BY_NAME, label_as_json)


class LabelDetail(APIView):
    @operation("labels_read", "labels", LabelOut)
    def get(self, request: Request, pk: int) -> LabelOut:
        """Shows the label."""
        return label_as_json(get_object_or_404(Label, pk=pk))

    @operation("labels_change", "labels", LabelOut, takes=LabelChange)
    def patch(self, request: Request, pk: int) -> LabelOut:
        """Renames the label on all tasks. If another label has this name, merges the two and returns that one."""
        label = get_object_or_404(Label, pk=pk)
        check_may_change_shared(person_of(request), label)
        name = body_of(request, LabelChange).get("name", label.name)
        return label_as_json(label_actions.rename_label(pk, name, by=person_of(request), now=utc_now()))

    @operation("labels_delete", "labels")
    def delete(self, request: Request, pk: int) -> None:
        """Deletes the label, and removes it from all tasks."""
        label_actions.delete_label(pk, by=person_of(request), now=utc_now())
