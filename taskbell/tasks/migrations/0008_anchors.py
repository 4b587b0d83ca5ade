"""The rule of a task that repeats counts from the due date that people see, unless only this one was moved."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import migrations, models

from taskbell.common.recurrence import following, parse_rule


def move_anchors(apps: Any, schema_editor: Any) -> None:
    """A due date that the rule does not give was changed by somebody: the rule counts from it from now on."""
    tasks = apps.get_model("tasks", "Task").objects
    recurring = tasks.filter(stage__in=("PENDING", "IN_PROGRESS")).exclude(recurrence="").exclude(due_date=None)
    moved = recurring.exclude(due_date=models.F("anchor_date"))
    columns = ("pk", "due_date", "anchor_date", "recurrence", "recurrence_from")
    off_the_rule = list(_off_the_rule(moved.values_list(*columns).iterator(chunk_size=1000)))
    for first in range(0, len(off_the_rule), 500):
        tasks.filter(pk__in=off_the_rule[first : first + 500]).update(anchor_date=models.F("due_date"))


def _off_the_rule(rows: Iterable[tuple[Any, ...]]) -> Iterator[int]:
    for pk, due_date, anchor_date, text, basis in rows:
        if basis == "completion" or anchor_date is None or not _gives(text, anchor_date, due_date):
            yield pk


def _gives(text: str, anchor_date: Any, due_date: Any) -> bool:
    """Whether the rule has an occurrence on that day. COUNT is counted by task, so its end is not reached by date."""
    endless = ";".join(part for part in text.split(";") if not part.startswith(("COUNT=", "UNTIL=")))
    start, day = (datetime.combine(one, time(), UTC) for one in (anchor_date, due_date))
    found = following(parse_rule(endless), start.replace(tzinfo=None), "UTC", after=day - timedelta(microseconds=1))
    return found is not None and found[1] == day


class Migration(migrations.Migration):
    dependencies = [("tasks", "0007_search_index")]

    operations = [
        migrations.AddField(
            "task",
            "planned_date",
            models.DateField(
                blank=True, help_text="If only this occurrence was moved: its due date by the rule,", null=True
            ),
        ),
        migrations.AddField(
            "task",
            "planned_time",
            models.TimeField(blank=True, help_text="and its due time, if it has one.", null=True),
        ),
        migrations.RunPython(move_anchors, migrations.RunPython.noop),
    ]
