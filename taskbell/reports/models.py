"""Reports built by workers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User

MAX_ATTEMPTS = 5  # to build a report


class ReportKind(models.TextChoices):
    """The content of a report."""

    INSIGHTS = "insights", _("Insights")
    EXPORT = "export", _("Export")
    IMPORT = "import", _("Import")


class Format(models.TextChoices):
    """The file format of a report."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    ICS = "ics"


class ReportState(models.TextChoices):
    """The state of a report."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("in progress")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


UNFINISHED = (ReportState.WAITING, ReportState.RUNNING)


class ReportQuerySet(models.QuerySet["Report"]):
    """Named reads of reports."""

    def unfinished(self) -> "ReportQuerySet":
        """Reports that are waiting or in progress."""
        return self.filter(state__in=UNFINISHED)

    def claimable(self, now: datetime) -> "ReportQuerySet":
        """Reports that no worker is building: those waiting, and those whose lease has expired."""
        abandoned = Q(state=ReportState.RUNNING, lease_until__lt=now)
        return self.filter(Q(state=ReportState.WAITING) | abandoned).order_by("id")


class Report(models.Model):
    """A report that a worker builds for one person, or the report of an import; nobody else can see it."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=10, choices=ReportKind.choices)
    format = models.CharField(max_length=10, choices=Format.choices)
    query = models.JSONField(default=dict, help_text="The filters, as the list of tasks takes them.")
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.WAITING)
    progress = models.PositiveSmallIntegerField(default=0, help_text="From 0 to 100.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes written so far.")
    problem = models.CharField(max_length=500, blank=True, help_text=_("Why the report failed."))
    first_id = models.BigIntegerField(null=True, blank=True, help_text="The id below those that an import has taken.")
    written = models.PositiveIntegerField(default=0, help_text="How many rows an import has written so far.")
    keys = models.JSONField(null=True, blank=True, help_text="Whose tasks it covers: the keys of the person's access.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("report"), _("reports")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["person", "-id"]),
            models.Index(fields=["id"], name="to_be_made", condition=Q(state__in=["waiting", "running"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} no. {self.pk} for {self.person_id}"

    @property
    def file_name(self) -> str:
        return f"taskbell-{self.kind}-{self.pk}.{self.format}"


class Chunk(models.Model):
    """A part of a file. It is stored in the database, which all machines share."""

    position = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["report", "position"], name="one_%(class)s")]

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk}"

    @classmethod
    def file_of(cls, report: Report) -> Iterator[bytes]:
        """The file, with one chunk in memory at a time."""
        chunks: Any = cls._default_manager
        position = 0
        while chunk := chunks.filter(report=report, position=position).first():
            yield bytes(chunk.data)
            position += 1


class Piece(Chunk):
    """A chunk of the file that a worker has built."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="pieces")


class Upload(Chunk):
    """A chunk of the file that a worker imports. It is deleted when the import ends."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="uploads")
