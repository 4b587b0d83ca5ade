"""Remembering: one line for every change, written in the transaction of the change."""

from django.db import models

from taskbell.accounts.models import User


class Activity(models.Model):
    """Who changed what, from which value to which, and when. Lines are added and never changed."""

    # No constraint in the database: a line outlives its task.
    task = models.ForeignKey("tasks.Task", on_delete=models.DO_NOTHING, db_constraint=False, related_name="activity")
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, help_text="Nobody: the clock did it."
    )
    action = models.CharField(max_length=30)
    field = models.CharField(max_length=30, blank=True)
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)
    timestamp = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "activity"
        indexes = [models.Index(fields=["task", "-id"]), models.Index(fields=["user", "-id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.field}".strip()
