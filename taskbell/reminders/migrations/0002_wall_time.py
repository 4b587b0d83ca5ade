"""The local wall time that was meant, beside the instant it came to; and which reminders only put one off."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    """What was meant is not known any more: it is taken to be what the clock shows."""
    reminders = apps.get_model("reminders", "Reminder").objects
    batch: list[Any] = []
    for reminder in reminders.exclude(at=None).select_related("task").iterator(chunk_size=1000):
        reminder.timezone = reminder.timezone or reminder.task.timezone
        local = reminder.at.astimezone(ZoneInfo(reminder.timezone))
        reminder.wall_date, reminder.wall_time = local.date(), local.time()
        batch.append(reminder)
    reminders.bulk_update(batch, ["timezone", "wall_date", "wall_time"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial")]

    operations = [
        migrations.AddField(
            "reminder",
            "wall_date",
            models.DateField(blank=True, help_text="The local date at that instant.", null=True),
        ),
        migrations.AddField(
            "reminder",
            "wall_time",
            models.TimeField(
                blank=True, help_text="The local time at that instant, even if a clock change skips it.", null=True
            ),
        ),
        migrations.AddField(
            "reminder",
            "is_snooze",
            models.BooleanField(
                default=False, help_text="Set by snoozing; not copied to the next task of a series."
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
