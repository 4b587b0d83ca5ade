"""How many of all tasks match, from the counts that the database keeps (tasks/counting.py)."""

from typing import Any

from django.db.models import BigIntegerField, F, Func, Q, Subquery
from django.db.models.functions import Coalesce

from taskbell.tasks.counting import RECENT, SECTIONS, TaskCount

# Not `Sum`, which would group the rows.
TOTAL = Coalesce(Func(F("n"), function="SUM", output_field=BigIntegerField()), 0)


def kept_count(condition: Q) -> Any:
    """The number of tasks that meet the condition, as an expression; None if no section counts by all its columns."""
    for section, columns in SECTIONS.items():
        if condition.referenced_base_fields <= {name.removesuffix("_id") for name in columns}:
            counts = TaskCount.objects.filter(condition, section__in=[section, RECENT])
            return Subquery(counts.annotate(total=TOTAL).values("total"))
    return None
