"""A report remembers whether it tells of everybody's tasks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Earlier ones count as of one's own."""

    dependencies = [("reports", "0003_report")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="of_everything",
            field=models.BooleanField(default=False, help_text="Its content covers the tasks of everyone."),
        ),
    ]
