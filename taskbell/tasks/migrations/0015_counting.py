"""Lets the database count the tasks in more ways while it writes them, beginning with those that are there."""

from typing import Any

from django.db import migrations, models

from taskbell.tasks.counting import RECOUNT, drop_statements, trigger_statements


def count_from_now_on(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in [*drop_statements(vendor), *trigger_statements(vendor), RECOUNT]:
        schema_editor.execute(statement)


def stop_counting(apps: Any, schema_editor: Any) -> None:
    for statement in drop_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0014_in_project")]
    operations = [
        migrations.AddField(
            "taskcount",
            "project",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=models.DO_NOTHING,
                related_name="+",
                to="projects.project",
            ),
        ),
        migrations.AddIndex(
            "taskcount",
            models.Index(
                condition=models.Q(("project__isnull", False)), fields=["project", "section"], name="counts_of_project"
            ),
        ),
        migrations.RunPython(count_from_now_on, stop_counting),
    ]
