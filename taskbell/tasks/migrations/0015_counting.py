"""Lets the database count the tasks in more ways while it writes them; `0016_recount` adds those that are there."""

from typing import Any

from django.db import migrations, models

from taskbell.common.online import patiently
from taskbell.tasks.counting import drop_statements, trigger_statements


def count_from_now_on(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    statements = [*drop_statements(vendor), *trigger_statements(vendor)]
    patiently(schema_editor, lambda: [schema_editor.execute(statement) for statement in statements])


def stop_counting(apps: Any, schema_editor: Any) -> None:
    statements = drop_statements(schema_editor.connection.vendor)
    patiently(schema_editor, lambda: [schema_editor.execute(statement) for statement in statements])


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
