"""Every task is in a project: the column, still empty."""

import django.db.models.deletion
from django.db import migrations, models

from taskbell.common.add_column import AddColumn


class Migration(migrations.Migration):
    dependencies = [("tasks", "0011_counts"), ("projects", "0002_inboxes")]
    operations = [
        AddColumn(
            "task",
            "project",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tasks",
                to="projects.project",
            ),
        ),
    ]
