"""Gives every entry a subject, a session and a project, and the names that the code uses."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = import_module("taskbell.activity.migrations.0002_append_only")
POSITIONS = import_module("taskbell.activity.migrations.0003_places")


def restore_triggers(apps: Any, schema_editor: Any) -> None:
    """SQLite copies the table to add a column that is never empty; the triggers go with the old table."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in [*POSITIONS.SQLITE, *APPEND_ONLY.statements("sqlite")]:
            schema_editor.execute(statement.replace("CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS"))


PERSON = {
    "blank": True,
    "db_index": False,
    "null": True,
    "on_delete": django.db.models.deletion.PROTECT,
    "to": settings.AUTH_USER_MODEL,
}
RENAMES = [
    migrations.RenameModel("Place", "Position"),
    migrations.AlterModelTable("position", "activity_place"),
    migrations.RenameField("position", "line", "entry"),
    migrations.AlterField(
        "position",
        "entry",
        models.ForeignKey(
            db_column="line_id",
            db_constraint=False,
            db_index=False,
            on_delete=django.db.models.deletion.DO_NOTHING,
            related_name="+",
            to="activity.activity",
        ),
    ),
    migrations.AlterField(
        "activity",
        "task",
        models.ForeignKey(
            blank=True,
            db_constraint=False,
            db_index=False,
            help_text="Empty: the entry is not about a single task.",
            null=True,
            on_delete=django.db.models.deletion.DO_NOTHING,
            related_name="activity",
            to="tasks.task",
        ),
    ),
    migrations.AlterField("activity", "user", models.ForeignKey(**PERSON, help_text="Empty: it happened automatically.")),
    migrations.AlterField(
        "activity",
        "person",
        models.ForeignKey(
            **PERSON,
            related_name="+",
            help_text="The only person who may know of it. Empty: everybody who sees the subject.",
        ),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("activity", "0003_places"), ("tasks", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(state_operations=RENAMES),
        migrations.RunPython(migrations.RunPython.noop, restore_triggers),
        migrations.AddField("activity", "subject_type", models.CharField(db_default="task", max_length=12)),
        migrations.AddField("activity", "subject_id", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField(
            "activity",
            "session",
            models.UUIDField(blank=True, help_text="The session or token that was used. It may no longer exist.", null=True),
        ),
        migrations.AddField(
            "activity",
            "project_id",
            models.BigIntegerField(blank=True, help_text="The project that the subject belonged to.", null=True),
        ),
        migrations.RunPython(restore_triggers, migrations.RunPython.noop),
    ]
