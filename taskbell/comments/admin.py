"""Comments in the admin: to read, and to delete by the verb."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from taskbell.comments.actions import delete_comment
from taskbell.comments.models import Comment
from taskbell.common.admin import DeletesByVerb, admin_person
from taskbell.common.clock import utc_now
from taskbell.common.wording import shortened


@admin.register(Comment)
class CommentAdmin(DeletesByVerb):
    """All comments on tasks that are not in the trash. Only their authors can change the text."""

    list_display = ("task", "author", "beginning", "created_at", "edited_at")
    list_select_related = ("task", "author")
    search_fields = ("author__name_folded__contains",)
    search_help_text = _("Search by author.")
    list_filter = ("created_at",)
    ordering = ("-id",)
    fields = ("task", "author", "body", "mentions", "unreachable", "created_at", "edited_at")

    @admin.display(description=_("Comment"))
    def beginning(self, comment: Comment) -> str:
        """The first characters of the text."""
        return shortened(comment.body, 80)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(task__deleted_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Comment) -> None:
        delete_comment(obj.task_id, obj.pk, by=admin_person(request), now=utc_now())
