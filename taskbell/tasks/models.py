"""The central models: tasks, categories and prerequisites."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import BooleanField, Exists, F, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User
from taskbell.common.clock import instant
from taskbell.common.folding import SortKeyField
from taskbell.common.union import Union
from taskbell.common.wording import DAY, DAY_AND_TIME, beginning, in_words
from taskbell.projects.audience import (
    Audience,
    audience_of,
    keys_of,
    project_key,
    project_name_for,
    sees_task,
    ways_to_see,
)
from taskbell.projects.models import Membership, Project
from taskbell.tasks import counting, finished, label_models  # noqa: F401 - further models of this app
from taskbell.tasks.kinds import OPEN_STAGES, Basis, Priority, Stage, status_of

ACCESS = ("viewer_role", "is_archived")
MAX_SOURCE, MAX_SOURCE_ID = 20, 255  # characters
MAX_CHARACTERS, MAX_LINES = 1000, 15  # of the description, in an email
# Not `updated_at`: it changes with every update, and PostgreSQL would write all indexes of the row each time.
NARROWED_BY = ("stage", "priority", "due_date", "due_at", "is_overdue", "category", "created_at")
# SQLite uses a partial index only if the query repeats its condition without parameters.
IS_OPEN_BY_INDEX = RawSQL("stage IN ('PENDING', 'IN_PROGRESS')", [], BooleanField())


class Category(label_models.SharedName):
    """A category. A task has at most one."""

    class Meta(label_models.SharedName.Meta):
        verbose_name, verbose_name_plural = _("category"), _("categories")


class TaskQuerySet(models.QuerySet["Task"]):
    """Named reads of tasks; doors chain them."""

    def concerning(self, person: User) -> "TaskQuerySet":
        """The tasks that the person sees, including those in the trash."""
        return self.filter(sees_task(person))

    def visible_to(self, person: User) -> "TaskQuerySet":
        """The tasks that the person sees (projects/audience.py)."""
        return self.concerning(person).filter(deleted_at=None)

    def lists_visible_to(self, person: User) -> Union["Task"]:
        """The same for lists: one part per index on the people of a task."""
        return Union([self.filter(way, deleted_at=None) for way in ways_to_see(person)])

    def to_do_by(self, person: User) -> "TaskQuerySet":
        """Of the visible tasks, the open ones assigned to the person; of those assigned to nobody, their own."""
        return self.visible_to(person).open().in_use().filter(is_for(person))

    def in_use(self) -> "TaskQuerySet":
        """Without the tasks of archived projects."""
        return self.exclude(project__in=Project.objects.archived().values("pk"))

    def open(self) -> "TaskQuerySet":
        """Open tasks."""
        return self.filter(stage__in=OPEN_STAGES, deleted_at=None)

    def newly_overdue(self, now: datetime) -> "TaskQuerySet":
        """Open tasks whose due time has passed, but which are not marked as overdue yet."""
        return self.open().filter(IS_OPEN_BY_INDEX, is_overdue=False, due_at__lte=now).order_by("due_at", "id")

    def blocked(self) -> "TaskQuerySet":
        """Tasks with an open prerequisite. Computed, never stored."""
        return self.filter(is_blocked())

    def free(self) -> "TaskQuerySet":
        """Tasks without open prerequisites."""
        return self.filter(~is_blocked())

    def with_access(self, person: User) -> "TaskQuerySet":
        """With what `tasks/policy.py` asks: the person's role in the project, and whether that is archived."""
        role = Membership.objects.filter(project=OuterRef("project"), person=person).values("role")
        archived = Project.objects.archived().filter(pk=OuterRef("project"))
        return self.annotate(**dict(zip(ACCESS, (Subquery(role), Exists(archived)), strict=True)))

    def with_people(self) -> "TaskQuerySet":
        """With creator and assignee, in the same query."""
        return self.select_related("created_by", "assigned_to")

    def write(self, now: datetime, **columns: Any) -> None:
        """Saves a new version of each task, with these values."""
        self.update(updated_at=now, version=F("version") + 1, **columns)


def is_for(person: User) -> Q:
    """The condition that a task is assigned to the person; or to nobody, and is their own."""
    return Q(assigned_to=person) | Q(Q(created_by=person) | Q(project__inbox_of=person), assigned_to=None)


class Task(models.Model):
    """A piece of work."""

    title = models.CharField(max_length=255)
    title_sort = SortKeyField("title")
    description = models.TextField(blank=True, max_length=20_000)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.PENDING)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.MEDIUM)
    due_date = models.DateField(null=True, blank=True)
    due_time = models.TimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64)
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("Due date, time and zone as an instant."))
    is_overdue = models.BooleanField(default=False, help_text=_("Set automatically once the due time has passed."))
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    pre_tasks = models.ManyToManyField(
        "self",
        symmetrical=False,
        through="Prerequisite",
        through_fields=("task", "needs"),
        related_name="dependents",
        blank=True,
    )
    recurrence = models.CharField(max_length=512, blank=True, help_text="The rule by which the task repeats (RRULE).")
    recurrence_from = models.CharField(max_length=10, choices=Basis.choices, default=Basis.DUE)
    series = models.BigIntegerField(null=True, blank=True, help_text="The first task of the series.")
    occurrence = models.PositiveIntegerField(default=1)
    anchor_date = models.DateField(null=True, blank=True, help_text="The due date at which the rule starts.")
    planned_date = models.DateField(
        null=True, blank=True, help_text="If only this occurrence was moved: its due date by the rule,"
    )
    planned_time = models.TimeField(null=True, blank=True, help_text="and its due time, if it has one.")
    assigned_to = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="tasks_assigned"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tasks_created")
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    # Null, unlike other text: SQLite would copy the whole table to add a column that is never null.
    source = models.CharField(
        max_length=MAX_SOURCE, null=True, blank=True, help_text="The program that the task was imported from."
    )
    source_id = models.CharField(
        max_length=MAX_SOURCE_ID, null=True, blank=True, help_text="Its id there. A second import finds the task by it."
    )

    # Read by `with_access`.
    viewer_role: str | None
    is_archived: bool

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("task"), _("tasks")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["series", "occurrence"], name="one_of_each_occurrence")]
        indexes = [
            # With all columns that lists filter and order by, so that only the person's own rows are read.
            models.Index(
                fields=["project", "-id"],
                name="in_project",
                condition=Q(deleted_at=None),
                include=(*NARROWED_BY, "created_by", "assigned_to"),
            ),
            models.Index(
                fields=["assigned_to", "-id"],
                name="assigned_to_me",
                condition=Q(deleted_at=None),
                include=(*NARROWED_BY, "created_by", "project"),
            ),
            # For lists in these orders, page after page, in both directions.
            models.Index(fields=["title_sort", "id"], name="by_title", condition=Q(deleted_at=None)),
            models.Index(fields=["due_at", "due_date", "id"], name="by_due_at", condition=Q(deleted_at=None)),
            models.Index(fields=["priority", "id"], name="by_priority", condition=Q(deleted_at=None)),
            models.Index(fields=["created_at", "id"], name="by_creation", condition=Q(deleted_at=None)),
            models.Index(
                fields=["due_at", "id"],
                name="not_yet_overdue",
                condition=Q(stage__in=["PENDING", "IN_PROGRESS"], is_overdue=False, deleted_at=None),
            ),
            models.Index(fields=["deleted_at"], name="trash", condition=Q(deleted_at__isnull=False)),
            models.Index(fields=["source_id", "source"], name="by_source", condition=Q(source_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def status(self) -> str:
        """The stage, or OVERDUE for an open task whose due time has passed."""
        return status_of(self.stage, self.is_overdue and self.deleted_at is None)

    @property
    def is_open(self) -> bool:
        """True while the task is pending or in progress."""
        return self.stage in OPEN_STAGES and self.deleted_at is None

    @property
    def people(self) -> frozenset[int]:
        """The ids of creator and assignee."""
        people = (self.created_by_id, self.assigned_to_id)
        return frozenset(person for person in people if person is not None)

    @property
    def audience(self) -> Audience:
        """The audience of the task, even in the trash."""
        return audience_of(project_key(self.project_id), self.assigned_to_id)

    def is_visible_to(self, person: User) -> bool:
        """The same as `visible_to`, for a task and a person that are already loaded."""
        return self.deleted_at is None and self.audience.includes(keys_of(person))

    def facts(self, zone: ZoneInfo, reader: User) -> dict[str, str]:
        """The values for emails about the task: what the reader may see, with times in this zone."""
        people = (self.created_by, self.assigned_to)
        creator, assignee = (one.name if one and one.pk != reader.pk else "" for one in people)
        return {
            "title": self.title,
            "priority": str(Priority(self.priority).label),
            "description": beginning(self.description, most=MAX_CHARACTERS, lines=MAX_LINES),
            "due": self.due_in_words(zone),
            "project": project_name_for(reader, self.project),
            "category": self.category.name if self.category else "",
            "creator": creator,
            "assignee": assignee,
        }

    def due_in_words(self, zone: ZoneInfo) -> str:
        """The due date; with a due time, both in this zone. Empty without one."""
        if self.due_at is None or self.due_date is None:
            return ""
        if self.due_time is None:
            return in_words(self.due_date, DAY)
        return f"{in_words(self.due_at.astimezone(zone), DAY_AND_TIME)} ({zone.key})"

    def write(self, now: datetime) -> None:
        """Saves a new version."""
        self.updated_at = now
        self.version += 1
        self.save(force_update=True)

    def compute_due_at(self) -> datetime | None:
        """The instant from which the task is overdue: its due time, or the end of its local day."""
        wall = self.due_wall
        return None if wall is None else instant(wall.date(), wall.time(), self.timezone)

    @property
    def due_wall(self) -> datetime | None:
        """The same as its zone's clocks are meant to show it: without a time, the midnight that ends the day."""
        if self.due_date is None:
            return None
        if self.due_time is None:
            return datetime.combine(self.due_date + timedelta(days=1), time())
        return datetime.combine(self.due_date, self.due_time)


class SearchText(models.Model):
    """The text of a task for the search (tasks/search_text.py), in its own table to keep task rows short."""

    task = models.OneToOneField(Task, on_delete=models.CASCADE, primary_key=True, related_name="search_text")
    text = models.TextField()

    def __str__(self) -> str:
        return self.text


class PrerequisiteQuerySet(models.QuerySet["Prerequisite"]):
    """Named reads of the links between tasks."""

    def blocking(self) -> "PrerequisiteQuerySet":
        """Links to open prerequisites."""
        return self.filter(needs__stage__in=OPEN_STAGES, needs__deleted_at=None)


def is_blocked() -> Exists:
    """The condition that a task has an open prerequisite."""
    return Exists(Prerequisite.objects.blocking().filter(task=OuterRef("pk")))


class Prerequisite(models.Model):
    """`task` is blocked by `needs`. The links never form a cycle."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="needs")
    needs = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="needed_by")

    objects = PrerequisiteQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("prerequisite"), _("blocked by")
        constraints = [models.UniqueConstraint(fields=["task", "needs"], name="one_link")]

    def __str__(self) -> str:
        return f"{self.task_id} waits for {self.needs_id}"
