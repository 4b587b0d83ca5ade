"""Fills in the subjects of the entries that are there. Actions lose the kind of subject that they began with.

Some tens of thousands of entries at a time, each batch a transaction of its own that can be repeated. Only inside it
are the triggers off that keep the history from being rewritten.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.db import migrations
from django.db.models import Max, Min
from django.db.transaction import atomic

APPEND_ONLY = import_module("taskbell.activity.migrations.0002_append_only")
BATCH_ROWS = 50_000

OF_TASKS = """
    UPDATE activity_activity SET subject_id = task_id
    WHERE {batch} AND subject_type = 'task' AND subject_id IS NULL AND task_id IS NOT NULL AND action NOT LIKE '%.%'
"""
# `notification.created`, `category.renamed`, `report.progress`.
OF_OTHERS = {
    "sqlite": """
        UPDATE activity_activity SET
            subject_type = substr(action, 1, instr(action, '.') - 1),
            subject_id = COALESCE(json_extract(new_value, '$.id'), json_extract(new_value, '$.report_id')),
            action = substr(action, instr(action, '.') + 1)
        WHERE {batch} AND action LIKE '%.%'
    """,
    "postgresql": """
        UPDATE activity_activity SET
            subject_type = split_part(action, '.', 1),
            subject_id = COALESCE(new_value ->> 'id', new_value ->> 'report_id')::bigint,
            action = split_part(action, '.', 2)
        WHERE {batch} AND action LIKE '%.%'
    """,
}
# The code of before shows everybody an entry with a dot. One about people it must show to the one person alone.
BACK = """
    UPDATE activity_activity SET
        action = subject_type || '.' || action,
        person_id = CASE
            WHEN person_id IS NOT NULL OR subject_type = 'category' THEN person_id
            WHEN subject_type = 'person' THEN subject_id
            ELSE user_id
        END,
        subject_type = 'task'
    WHERE {batch} AND subject_type <> 'task'
"""


def drop_triggers(schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        APPEND_ONLY.drop_triggers(None, schema_editor)
    else:
        schema_editor.execute("ALTER TABLE activity_activity DISABLE TRIGGER activity_update")


def restore_triggers(schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        APPEND_ONLY.add_triggers(None, schema_editor)
    else:
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks that wait cannot be altered
        schema_editor.execute("ALTER TABLE activity_activity ENABLE TRIGGER activity_update")


def in_batches(statements: Callable[[str], list[str]]) -> Callable[[Any, Any], None]:
    """Runs the statements for one batch of ids after the other."""

    def run(apps: Any, schema_editor: Any) -> None:
        database = schema_editor.connection
        ids = apps.get_model("activity", "Activity").objects.using(database.alias)
        ends = ids.aggregate(first=Min("id"), last=Max("id"))
        for begin in range(ends["first"] or 0, (ends["last"] or -1) + 1, BATCH_ROWS):
            with atomic(database.alias):
                drop_triggers(schema_editor)
                with database.cursor() as cursor:
                    for statement in statements(database.vendor):
                        batch = f"id >= {begin} AND id < {begin + BATCH_ROWS}"
                        cursor.execute(statement.replace("{batch}", batch))
                restore_triggers(schema_editor)

    return run


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("activity", "0004_subjects")]
    operations = [
        migrations.RunPython(
            in_batches(lambda vendor: [OF_TASKS, OF_OTHERS[vendor]]), in_batches(lambda vendor: [BACK])
        ),
    ]
