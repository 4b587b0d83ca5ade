"""Lets the database itself refuse to change or delete a line of history."""

from typing import Any

from django.db import migrations

SQLITE = [
    """
    CREATE TRIGGER activity_{verb_name} BEFORE {verb} ON activity_activity
    BEGIN SELECT RAISE(ABORT, 'history is append-only'); END
    """
]
POSTGRESQL = [
    """
    CREATE OR REPLACE FUNCTION activity_is_append_only() RETURNS trigger AS $$
    BEGIN RAISE EXCEPTION 'history is append-only'; END
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER activity_{verb_name} BEFORE {verb} ON activity_activity
    FOR EACH ROW EXECUTE FUNCTION activity_is_append_only()
    """,
]


def statements(vendor: str) -> list[str]:
    """What makes the triggers on this database."""
    return [
        statement.replace("{verb_name}", verb.lower()).replace("{verb}", verb)
        for verb in ("UPDATE", "DELETE")
        for statement in (POSTGRESQL if vendor == "postgresql" else SQLITE)
    ]


def add_triggers(apps: Any, schema_editor: Any) -> None:
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def drop_triggers(apps: Any, schema_editor: Any) -> None:
    table = " ON activity_activity" if schema_editor.connection.vendor == "postgresql" else ""
    for verb in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER activity_{verb}{table}")


class Migration(migrations.Migration):
    dependencies = [("activity", "0001_initial")]
    operations = [migrations.RunPython(add_triggers, drop_triggers)]
