"""Remembering: one line for every change, written in the transaction of the change."""

from django.db import models

from taskbell.accounts.models import User


class ActivityQuerySet(models.QuerySet["Activity"]):
    """Named reads of the history."""

    def of_tasks(self) -> "ActivityQuerySet":
        """Lines about tasks, which all may read who see the task."""
        return self.filter(task__isnull=False, person=None)


class Activity(models.Model):
    """Who changed what, from which value to which, and when. Lines are added and never changed."""

    # No constraint in the database: a line outlives its task.
    task = models.ForeignKey(
        "tasks.Task",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="activity",
        help_text="Nothing: the line is about something that many tasks share, or about a person.",
    )
    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        help_text="Nobody: the clock did it.",
    )
    person = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Who alone hears of it. Nobody: all who see the task.",
    )
    action = models.CharField(max_length=30)
    field = models.CharField(max_length=30, blank=True)
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)
    timestamp = models.DateTimeField()

    objects = ActivityQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "activity"
        indexes = [models.Index(fields=["task", "-id"]), models.Index(fields=["user", "-id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.field}".strip()


class Place(models.Model):
    """Where a line stands in the order of commits. The database writes it, when the transaction commits.

    Who sees a position sees every lower one that will ever be there (docs/decisions/0016).
    """

    position = models.BigIntegerField(primary_key=True)
    line = models.ForeignKey(
        Activity, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.position)


class Epoch(models.Model):
    """The one row that names the run of the history. It is another one after a backup was restored."""

    name = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.name
