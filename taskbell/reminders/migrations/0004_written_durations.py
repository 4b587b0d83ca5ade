"""The written durations take the place of the old column. A step of its own: PostgreSQL has to commit the rows first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0003_calendar_days")]

    operations = [
        migrations.RemoveField("reminder", "before_due"),
        migrations.RenameField("reminder", "written", "before_due"),
        migrations.AlterField(
            "reminder",
            "before_due",
            models.CharField(
                blank=True, help_text="How long before the task is due (ISO 8601).", max_length=50, null=True
            ),
        ),
    ]
