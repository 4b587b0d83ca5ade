"""What is kept so that questions over everything need not read everything; and reports that workers make."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from taskbell.accounts.models import User


class TaskCount(models.Model):
    """A difference to the number of tasks of one kind; the sum of all rows of a key is the count.

    Written by triggers alone (`counting.py`). Tasks in the trash are not counted.
    """

    section = models.CharField(max_length=10, help_text="status, priority, assigned or created")
    key = models.CharField(max_length=20, help_text="The status, the rank of the priority, or the id of the person.")
    n = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.section} {self.key}: {self.n:+}"


class ReportKind(models.TextChoices):
    """What a report tells."""

    INSIGHTS = "insights"
    EXPORT = "export"


class Format(models.TextChoices):
    """The file it comes as."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class ReportState(models.TextChoices):
    """How far it is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNFINISHED = (ReportState.WAITING, ReportState.RUNNING)


class ReportQuerySet(models.QuerySet["Report"]):
    """Named reads of reports."""

    def unfinished(self) -> "ReportQuerySet":
        """Reports that a worker still has to do with."""
        return self.filter(state__in=UNFINISHED)

    def claimable(self, now: datetime) -> "ReportQuerySet":
        """Reports that nobody makes: those that wait, and those of a worker that is not heard of any more."""
        abandoned = Q(state=ReportState.RUNNING, lease_until__lt=now)
        return self.filter(Q(state=ReportState.WAITING) | abandoned).order_by("id")


class Report(models.Model):
    """A report that a worker makes for one person; nobody else has anything to do with it."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=10, choices=ReportKind.choices)
    format = models.CharField(max_length=10, choices=Format.choices)
    query = models.JSONField(default=dict, help_text="The filters, as the list of tasks takes them.")
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.WAITING)
    progress = models.PositiveSmallIntegerField(default=0, help_text="From 0 to 100.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes that are there.")
    problem = models.CharField(max_length=500, blank=True, help_text="Why it could not be made.")
    of_everything = models.BooleanField(default=False, help_text="Made for somebody who could see everybody's tasks.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["person", "-id"]),
            models.Index(fields=["id"], name="to_be_made", condition=Q(state__in=["waiting", "running"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} no. {self.pk} for {self.person_id}"

    @property
    def file_name(self) -> str:
        """What it is called when it is saved."""
        return f"taskbell-{self.kind}-{self.pk}.{self.format}"


class Piece(models.Model):
    """A part of the file. It is in the database because that is what all nodes share."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "position"], name="one_piece")]

    def __str__(self) -> str:
        return f"piece {self.position} of {self.report_id}"
