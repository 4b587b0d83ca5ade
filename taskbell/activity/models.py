"""The history: an entry for every change, written in the transaction of the change."""

from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User


class SubjectType(models.TextChoices):
    """The kinds of things that an entry can be about."""

    TASK = "task", _("Task")
    CATEGORY = "category", _("Category")
    LABEL = "label", _("Label")
    PERSON = "person", _("Person")
    PROJECT = "project", _("Project")
    MEMBER = "member", _("Member")
    INVITATION = "invitation", _("Invitation")
    NOTIFICATION = "notification", _("Notification")
    REPORT = "report", _("Report")
    COMMENT = "comment", _("Comment")


class Subject(NamedTuple):
    """What an entry is about. The id is None where it is about all that a person has of the kind."""

    type: SubjectType
    id: int | None


class ActivityQuerySet(models.QuerySet["Activity"]):
    """Named reads of the history."""

    def of_tasks(self) -> "ActivityQuerySet":
        """Entries about tasks, for everybody who sees the task."""
        return self.filter(task__isnull=False, person=None)

    def of_project(self, project: int) -> "ActivityQuerySet":
        """Entries about the project and its members, without those about its tasks."""
        return self.filter(project_id=project, task=None)


class Activity(models.Model):
    """Who changed what, from which value to which, and when. Entries are added and never changed."""

    # Neither choices nor a foreign key: a new kind of subject needs no migration, and an entry outlives its subject.
    subject_type = models.CharField(max_length=12, db_default=SubjectType.TASK)
    subject_id = models.BigIntegerField(null=True, blank=True)
    # No constraint in the database: an entry outlives its task.
    task = models.ForeignKey(
        "tasks.Task",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="activity",
        help_text=_("Empty: the entry is not about a single task."),
    )
    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        help_text=_("Empty: it happened automatically."),
    )
    person = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_("The only person who may know of it. Empty: everybody who sees the subject."),
    )
    session = models.UUIDField(
        null=True, blank=True, help_text=_("The session or token that was used. It may no longer exist.")
    )
    project_id = models.BigIntegerField(null=True, blank=True, help_text=_("The project that the subject belonged to."))
    action = models.CharField(max_length=30)
    field = models.CharField(max_length=30, blank=True)
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)
    timestamp = models.DateTimeField()

    objects = ActivityQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name, verbose_name_plural = _("change"), _("activity")
        indexes = [
            models.Index(fields=["task", "-id"]),
            models.Index(fields=["user", "-id"]),
            models.Index(fields=["project_id", "-id"], name="of_project", condition=models.Q(task=None)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.field}".strip()


class Position(models.Model):
    """Where an entry stands in the order of commits. The database writes the row when the transaction commits.

    A reader that sees position N has seen every lower position (docs/decisions/0016).
    """

    position = models.BigIntegerField(primary_key=True)
    entry = models.ForeignKey(
        Activity,
        on_delete=models.DO_NOTHING,
        db_column="line_id",  # the name that the triggers write to
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    class Meta:
        db_table = "activity_place"  # the name that the triggers write to

    def __str__(self) -> str:
        return str(self.position)


class Epoch(models.Model):
    """The one row that names the current run of the history. A restored backup starts a new run."""

    name = models.CharField(max_length=16)
    removed_to = models.BigIntegerField(db_default=0)  # entries up to this position were removed

    def __str__(self) -> str:
        return self.name


class Undo(models.Model):
    """What undoing a verb needs, for the person who did it. The row is deleted when it is used or expires."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=20)
    task_id = models.BigIntegerField()
    data = models.JSONField()
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.verb} of task {self.task_id}"
