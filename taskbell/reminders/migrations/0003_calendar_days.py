"""How long before the due date as it is written (ISO 8601), so that a day of the calendar differs from 24 hours.

What was written is not known any more. Whole days become days of the calendar, anything else exact time; reminders to
come move to the wall time of their due date.
"""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import migrations, models

DAY = timedelta(days=1)
CHUNK_ROWS = 5000


def write(length: timedelta) -> str:
    """Whole days as P1D, all else as PT1H30M."""
    if length and not length % DAY:
        return f"P{length.days}D"
    minutes, seconds = divmod(length, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    rest = f"{seconds.total_seconds():f}".rstrip("0").rstrip(".")
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if amount not in (0, "0")]
    return f"PT{''.join(parts) or '0S'}"


def fill(apps: Any, schema_editor: Any) -> None:
    reminders = apps.get_model("reminders", "Reminder").objects
    relative, last = reminders.exclude(before_due=None).order_by("pk").values_list("pk", "before_due"), 0
    while chunk := list(relative.filter(pk__gt=last)[:CHUNK_ROWS]):
        last = chunk[-1][0]
        same = defaultdict(list)
        for pk, length in chunk:
            same[write(length)].append(pk)
        for text, those in same.items():
            reminders.filter(pk__in=those).update(written=text)
        move([pk for text, those in same.items() if text[1] != "T" for pk in those], reminders)


def move(keys: list[int], reminders: Any) -> None:
    """Those that a clock change lies between, so that they ring at the wall time of the due date."""
    armed = reminders.filter(pk__in=keys, state="armed", repeat="", next_at__isnull=False)
    moved = []
    for reminder in armed.exclude(task__due_date=None).select_related("task").defer("task__description"):
        due, zone = reminder.task, ZoneInfo(reminder.task.timezone)
        day = due.due_date if due.due_time else due.due_date + DAY
        wall = datetime.combine(day, due.due_time or time()) - reminder.before_due
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if at != reminder.at:
            reminder.at = reminder.next_at = at
            reminder.wall_date, reminder.wall_time = wall.date(), wall.time()
            moved.append(reminder)
    reminders.bulk_update(moved, ["at", "next_at", "wall_date", "wall_time"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("reminders", "0002_wall_time"), ("tasks", "0001_initial")]

    operations = [
        migrations.AddField("reminder", "written", models.CharField(max_length=50, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
