"""Comments on tasks."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.fields import DocumentedText, StrictSerializer, body_about_task, body_of
from taskbell.api.lists import PAGING, rows_response
from taskbell.api.schema import operation
from taskbell.comments import actions
from taskbell.comments.models import MAX_BODY
from taskbell.comments.policy import check_may_edit_comment
from taskbell.comments.queries import comments_of, visible_comment
from taskbell.common.clock import utc_now
from taskbell.payloads.comments import CommentOut, comment_as_json
from taskbell.search.keyset import Key
from taskbell.tasks.queries import visible_task


class CommentIn(StrictSerializer):
    ignored = frozenset(CommentOut.__annotations__)
    body = DocumentedText(max_length=MAX_BODY, help_text="Markdown. `@username` mentions a person.")


class CommentChange(CommentIn):
    body = DocumentedText(max_length=MAX_BODY, required=False)


class Comments(APIView):
    @operation("comments_list", "comments", page_of(CommentOut), parameters=PAGING)
    def get(self, request: Request, pk: int) -> Any:
        """Lists the comments on the task, oldest first."""
        rows = comments_of(visible_task(pk, to=person_of(request)))
        return rows_response(request, rows, [Key("id")], comment_as_json)

    @operation(
        "comments_create",
        "comments",
        CommentOut,
        status=201,
        takes=CommentIn,
        sent={"A comment that mentions Bo": {"body": "@bo, can you **order the soil**?"}},
        is_repeatable=True,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Adds a comment. Everybody who sees the task may. People mentioned, and those on the task, are notified."""
        by, body = person_of(request), body_about_task(request, CommentIn, pk)
        comment = actions.add_comment(pk, body["body"], by=by, now=utc_now())
        return Response(
            comment_as_json(comment), status=201, headers={"Location": f"/api/tasks/{pk}/comments/{comment.pk}/"}
        )


class CommentDetail(APIView):
    @operation("comments_read", "comments", CommentOut)
    def get(self, request: Request, pk: int, cid: int) -> CommentOut:
        """Shows the comment."""
        return comment_as_json(visible_comment(pk, cid, to=person_of(request)))

    @operation("comments_change", "comments", CommentOut, takes=CommentChange)
    def patch(self, request: Request, pk: int, cid: int) -> CommentOut:
        """Changes your comment. People whom only the new text mentions are notified."""
        by = person_of(request)
        comment = visible_comment(pk, cid, to=by)
        check_may_edit_comment(by, comment)
        text = body_of(request, CommentChange).get("body", comment.body)
        return comment_as_json(actions.edit_comment(pk, cid, text, by=by, now=utc_now()))

    @operation("comments_delete", "comments")
    def delete(self, request: Request, pk: int, cid: int) -> None:
        """Deletes your comment for good. Owners of the project, and admins, may delete any."""
        actions.delete_comment(pk, cid, by=person_of(request), now=utc_now())
