"""A ModelViewSet of tasks as tutorials write it, by somebody who knows `prefetch_related`.

It shows what Taskbell shows, of Taskbell's own tables with their indexes. What it leaves out: labels and comments, of
which there are none, archived projects, private reminders, sessions that can be ended, history, emails, live events,
roles and memberships when somebody writes, refusals of strange input, conditional requests.
"""

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.db.models import F, Prefetch, Q
from django.urls import include, path
from rest_framework import pagination, routers, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.views import TokenObtainPairView

from taskbell.accounts.policy import Role
from taskbell.projects.models import Membership
from taskbell.reminders.models import Reminder
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Task, is_blocked


class ReminderSerializer(serializers.ModelSerializer[Reminder]):
    """A shared reminder at an instant."""

    before_due = serializers.CharField(read_only=True)
    repeat = serializers.SerializerMethodField()
    for_me = serializers.ReadOnlyField(default=False)

    class Meta:
        model = Reminder
        fields = ("id", "at", "before_due", "repeat", "for_me", "next_at", "state")

    def get_repeat(self, reminder: Reminder) -> str | None:
        """Nothing is null."""
        return reminder.repeat or None


class TaskSerializer(serializers.ModelSerializer[Task]):
    """The fields of a task."""

    priority = serializers.SerializerMethodField()
    category_name = serializers.ReadOnlyField(default=None)
    project = serializers.ReadOnlyField(source="project_id")
    labels = serializers.ReadOnlyField(default=[])
    label_ids = serializers.ReadOnlyField(default=[])
    comment_count = serializers.ReadOnlyField(default=0)
    pre_tasks = serializers.SerializerMethodField()
    is_blocked = serializers.ReadOnlyField(default=False)
    reminders = ReminderSerializer(many=True, read_only=True)
    remind_at = serializers.SerializerMethodField()
    recurrence = serializers.SerializerMethodField()
    timezone = serializers.CharField(default="UTC")

    class Meta:
        model = Task
        fields = (
            *("id", "title", "description", "status", "stage", "priority", "category", "category_name"),
            *("due_date", "due_time", "timezone", "due_at", "assigned_to", "created_by", "pre_tasks", "is_blocked"),
            *("reminders", "remind_at", "recurrence", "recurrence_from", "anchor_date", "planned_date", "planned_time"),
            *("project", "labels", "label_ids", "comment_count", "completed_at", "created_at", "updated_at", "version"),
        )
        read_only_fields = ("due_at", "created_by", "created_at", "updated_at", "version")

    def get_priority(self, task: Task) -> str:
        """By name."""
        return Priority(task.priority).name

    def get_pre_tasks(self, task: Task) -> list[int]:
        """The visible ones."""
        return sorted(other.pk for other in task.pre_tasks.all())

    def get_remind_at(self, task: Task) -> Any:
        """The next of the reminders."""
        return min((reminder.next_at for reminder in task.reminders.all() if reminder.next_at), default=None)

    def get_recurrence(self, task: Task) -> str | None:
        """Nothing is null."""
        return task.recurrence or None


class NameFilter(django_filters.BaseInFilter, django_filters.CharFilter):
    """Names, separated by commas."""


class PriorityFilter(NameFilter):
    """Priorities by name."""

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, [Priority[name].value for name in value or ()])


class TaskFilter(django_filters.FilterSet):
    """What the list is narrowed by."""

    stage = NameFilter(lookup_expr="in")
    priority = PriorityFilter(lookup_expr="in")
    completed = django_filters.BooleanFilter(method="is_completed")
    due_date_gte = django_filters.DateFilter("due_date", lookup_expr="gte")
    due_date_lte = django_filters.DateFilter("due_date", lookup_expr="lte")

    class Meta:
        model = Task
        fields = ("category",)

    def is_completed(self, tasks: Any, name: str, value: bool) -> Any:
        """In the stage COMPLETED."""
        return tasks.filter(stage=Stage.COMPLETED) if value else tasks.exclude(stage=Stage.COMPLETED)


class Paging(pagination.PageNumberPagination):
    """Fifty, as Taskbell."""

    page_size = 50
    page_size_query_param = "page_size"


class TaskViewSet(viewsets.ModelViewSet[Task]):
    """The tasks of my projects and those assigned to me; for managers, all."""

    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    pagination_class = Paging

    def get_queryset(self) -> Any:
        """With all that is shown."""
        visible = Task.objects.filter(deleted_at=None)
        if self.request.user.role not in (Role.ADMIN, Role.MANAGER):
            mine = Membership.objects.filter(person=self.request.user).values_list("project", flat=True)
            # As numbers: with a subquery inside OR, the database reads all tasks instead of two indexes.
            visible = visible.filter(Q(project__in=list(mine)) | Q(assigned_to=self.request.user))
        hanging = ("reminders", Prefetch("pre_tasks", visible.only("id")))
        shown = visible.annotate(is_blocked=is_blocked(), category_name=F("category__name"))
        return shown.prefetch_related(*hanging).order_by("-id")

    def perform_create(self, serializer: Any) -> None:
        """The creator is who asks; the task is in their Inbox."""
        now = datetime.now(UTC)
        person = self.request.user
        serializer.save(created_by=person, project=person.inbox, created_at=now, updated_at=now)


class Small(APIView):
    """A small response to the signed-in person."""

    def get(self, request: Request) -> Response:
        """Returns the person."""
        return Response({"hello": str(request.user)})


class SmallForAll(Small):
    """The same for everybody."""

    authentication_classes: Any = ()
    permission_classes: Any = ()


router = routers.SimpleRouter()
router.register("api/tasks", TaskViewSet, basename="task")
urlpatterns = [
    path("api/small/", Small.as_view()),
    path("api/small-for-all/", SmallForAll.as_view()),
    path("api/token/", TokenObtainPairView.as_view()),
    path("", include(router.urls)),
]
