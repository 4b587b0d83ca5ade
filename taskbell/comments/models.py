"""Comments: what people write about a task."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User
from taskbell.tasks.models import Task

MAX_BODY = 20_000  # characters


class Comment(models.Model):
    """What one person has written about a task. Nobody else may change it."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, db_index=False, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, db_index=False, related_name="comments")
    body = models.TextField(max_length=MAX_BODY)
    html = models.TextField(help_text=_("Rendered from the body when it was written."))
    mentions = models.JSONField(default=list, help_text=_("Mentioned people who could see the task, by id."))
    unreachable = models.JSONField(
        default=list, help_text=_("Mentioned names that matched nobody who could see the task.")
    )
    size = models.PositiveIntegerField(help_text=_("Bytes of the body and of the HTML, for the quota."))
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("comment"), _("comments")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["task", "id"], name="comments_of_task"),
            models.Index(fields=["author", "size"], name="comments_by_author"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk} on task {self.task_id}"
