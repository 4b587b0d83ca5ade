"""Lets the database count the tasks while it writes them, beginning with those that are there."""

from typing import Any

from django.db import migrations

STATUS = "CASE WHEN is_overdue AND stage IN ('PENDING', 'IN_PROGRESS') THEN 'OVERDUE' ELSE stage END"
KEYS = {"status": STATUS, "priority": "priority", "assigned": "assigned_to_id", "created": "created_by_id"}
COLUMNS = ("stage", "is_overdue", "priority", "assigned_to_id", "created_by_id", "deleted_at")
NEW, OLD = ("(SELECT " + ", ".join(f"{row}.{name} AS {name}" for name in COLUMNS) + ")" for row in ("NEW", "OLD"))
CHANGES = {"insert": ("fresh",), "update": ("fresh", "stale"), "delete": ("stale",)}


def _counted(rows: str, n: int) -> str:
    return " UNION ALL ".join(
        f"SELECT '{section}' AS section, CAST({key} AS VARCHAR(20)) AS key, {n} AS n "  # noqa: S608 - constants
        f"FROM {rows} AS {section} WHERE deleted_at IS NULL AND {key} IS NOT NULL"
        for section, key in KEYS.items()
    )


def _write_sums(*parts: str) -> str:
    return (
        "INSERT INTO reports_taskcount (section, key, n) SELECT section, key, SUM(n) "  # noqa: S608 - constants
        f"FROM ({' UNION ALL '.join(parts)}) AS parts GROUP BY section, key HAVING SUM(n) <> 0"
    )


def _on_sqlite() -> list[str]:
    sides = {"fresh": _counted(NEW, 1), "stale": _counted(OLD, -1)}
    events = {"insert": "INSERT", "update": f"UPDATE OF {', '.join(COLUMNS)}", "delete": "DELETE"}
    return [
        f"CREATE TRIGGER count_{event} AFTER {events[event]} ON tasks_task "
        f"BEGIN {_write_sums(*(sides[side] for side in tables))}; END"
        for event, tables in CHANGES.items()
    ]


def _on_postgresql() -> list[str]:
    sides = {"fresh": _counted("fresh", 1), "stale": _counted("stale", -1)}
    names = {"fresh": "NEW TABLE AS fresh", "stale": "OLD TABLE AS stale"}
    statements = _trigger("truncate", "DELETE FROM reports_taskcount")
    for event, tables in CHANGES.items():
        referencing = " ".join(names[side] for side in tables)
        statements += _trigger(event, _write_sums(*(sides[side] for side in tables)), f"REFERENCING {referencing}")
    return statements


def _trigger(event: str, action: str, referencing: str = "") -> list[str]:
    body = f"BEGIN {action}; RETURN NULL; END"
    return [
        f"CREATE OR REPLACE FUNCTION count_tasks_{event}() RETURNS trigger AS $${body}$$ LANGUAGE plpgsql",
        f"CREATE TRIGGER count_{event} AFTER {event.upper()} ON tasks_task {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION count_tasks_{event}()",
    ]


def count_from_now_on(apps: Any, schema_editor: Any) -> None:
    stop_counting(apps, schema_editor)
    statements = _on_postgresql() if schema_editor.connection.vendor == "postgresql" else _on_sqlite()
    for statement in [*statements, _write_sums(_counted("tasks_task", 1))]:
        schema_editor.execute(statement)


def stop_counting(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for event in [*CHANGES, "truncate"]:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS count_{event}{' ON tasks_task' if is_postgresql else ''}")
        if is_postgresql:
            schema_editor.execute(f"DROP FUNCTION IF EXISTS count_tasks_{event}()")


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("tasks", "0001_initial")]
    operations = [migrations.RunPython(count_from_now_on, stop_counting)]
