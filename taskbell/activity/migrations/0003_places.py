"""Gives every line a place in the order of commits."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = import_module("taskbell.activity.migrations.0002_append_only")

FOR_WHAT_IS_THERE = "INSERT INTO activity_place (position, line_id) SELECT id, id FROM activity_activity"

# One writer at a time: the order of ids is the order of commits.
SQLITE = [
    """
    CREATE TRIGGER activity_place AFTER INSERT ON activity_activity
    BEGIN INSERT INTO activity_place (position, line_id) VALUES (NEW.id, NEW.id); END
    """,
]

# Each statement that adds lines leaves a row about them, which the commit turns into places, in two rounds. In the
# first, all else that waits for the commit is done too: checks of foreign keys, which may wait for others. Only
# then comes the lock, so that who holds it waits for nobody. It is let go of when the places are seen.
POSTGRESQL = [
    "CREATE SEQUENCE activity_position AS bigint",
    "SELECT setval('activity_position', (SELECT COALESCE(MAX(id), 0) + 1 FROM activity_activity), false)",
    "CREATE TABLE activity_unplaced (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lines bigint[] NOT NULL)",
    """
    CREATE FUNCTION activity_gather() RETURNS trigger AS $$
    BEGIN
        INSERT INTO activity_unplaced (lines) SELECT array_agg(id ORDER BY id) FROM added HAVING count(*) > 0;
        RETURN NULL;
    END
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE FUNCTION activity_come_last() RETURNS trigger AS $$
    BEGIN
        DELETE FROM activity_unplaced WHERE id = NEW.id;
        RETURN NULL;
    END
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE FUNCTION activity_take_places() RETURNS trigger AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('activity_position'));
        INSERT INTO activity_place (position, line_id)
        SELECT nextval('activity_position'), line FROM unnest(OLD.lines) AS line;
        RETURN NULL;
    END
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER activity_gather AFTER INSERT ON activity_activity REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION activity_gather()
    """,
    """
    CREATE CONSTRAINT TRIGGER activity_come_last AFTER INSERT ON activity_unplaced
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION activity_come_last()
    """,
    """
    CREATE CONSTRAINT TRIGGER activity_take_places AFTER DELETE ON activity_unplaced
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION activity_take_places()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER activity_gather ON activity_activity",
    "DROP TABLE activity_unplaced",
    "DROP FUNCTION activity_gather, activity_come_last, activity_take_places",
    "DROP SEQUENCE activity_position",
]


def is_postgresql(schema_editor: Any) -> bool:
    return bool(schema_editor.connection.vendor == "postgresql")


def add_places(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(FOR_WHAT_IS_THERE)
    # SQLite makes a table anew where a column changes, and its triggers go with the old one.
    added = POSTGRESQL if is_postgresql(schema_editor) else [*SQLITE, *APPEND_ONLY.statements("sqlite")]
    for statement in added:
        schema_editor.execute(statement)


def remove_places(apps: Any, schema_editor: Any) -> None:
    if is_postgresql(schema_editor):
        for statement in POSTGRESQL_BACK:
            schema_editor.execute(statement)
        return
    for trigger in ("place", "update", "delete"):
        schema_editor.execute(f"DROP TRIGGER activity_{trigger}")


def triggers_again(apps: Any, schema_editor: Any) -> None:
    if not is_postgresql(schema_editor):
        for statement in APPEND_ONLY.statements("sqlite"):
            schema_editor.execute(statement)


PERSON = {"blank": True, "null": True, "on_delete": django.db.models.deletion.PROTECT, "to": settings.AUTH_USER_MODEL}


class Migration(migrations.Migration):
    dependencies = [("activity", "0002_append_only"), ("tasks", "0001_initial")]
    operations = [
        migrations.RunPython(migrations.RunPython.noop, triggers_again),
        migrations.AlterField(
            "activity",
            "task",
            models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="Nothing: the line is about something that many tasks share, or about a person.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="activity",
                to="tasks.task",
            ),
        ),
        migrations.AlterField(
            "activity", "user", models.ForeignKey(**PERSON, db_index=False, help_text="Nobody: the clock did it.")
        ),
        migrations.AddField(
            "activity",
            "person",
            models.ForeignKey(
                **PERSON,
                db_index=False,
                related_name="+",
                help_text="Who alone hears of it. Nobody: all who see the task.",
            ),
        ),
        migrations.CreateModel(
            "Place",
            [
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="activity.activity",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "Epoch",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=16)),
            ],
        ),
        migrations.RunPython(add_places, remove_places),
    ]
