"""The history of a project, without that of its tasks, is read by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activity", "0005_fill_subjects")]
    operations = [
        migrations.AddIndex(
            "activity",
            models.Index(fields=["project_id", "-id"], name="of_project", condition=models.Q(task=None)),
        )
    ]
