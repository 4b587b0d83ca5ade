"""How many of all tasks match, from the counts that the database keeps (tasks/counting.py)."""

from typing import Any

from django.db.models import BigIntegerField, F, Func, IntegerField, Q, Subquery
from django.db.models.functions import Coalesce

from taskbell.projects.models import Project
from taskbell.tasks.counting import RECENT, SECTIONS, TaskCount
from taskbell.tasks.models import Task

# Not `Sum`, which would group the rows.
TOTAL = Coalesce(Func(F("n"), function="SUM", output_field=BigIntegerField()), 0)
IN_ARCHIVE = Q(project__in=Project.objects.archived().values("pk"))


def kept_count(condition: Q) -> Any:
    """The number of tasks that meet the condition, as an expression; None if no section counts by all its columns."""
    for section, columns in SECTIONS.items():
        if condition.referenced_base_fields <= {name.removesuffix("_id") for name in columns}:
            counts = TaskCount.objects.filter(condition, section__in=[section, RECENT])
            return Subquery(counts.annotate(total=TOTAL).values("total")) - _in_archive(condition)
    return None


def _in_archive(condition: Q) -> Coalesce:
    """The number of matching tasks of archived projects: they are counted, but in no usual list."""
    archived = Task.objects.filter(condition).filter(IN_ARCHIVE, deleted_at=None).order_by()
    number = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Coalesce(Subquery(archived.values(number=number)), 0)
