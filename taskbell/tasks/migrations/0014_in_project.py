"""Lists read the tasks of a project by an index; from now on no task is without a project."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from taskbell.common.online import AddIndexOnline, RemoveIndexOnline, patiently

# The table's name matters: projects have a `created_by_id`, too.
REST = """
UPDATE tasks_task SET project_id = (SELECT id FROM projects_project WHERE inbox_of_id = tasks_task.created_by_id)
WHERE project_id IS NULL
"""
NARROWED_BY = ("stage", "priority", "due_date", "due_at", "is_overdue", "category", "created_at")
PRESENT = models.Q(("deleted_at", None))
TABLE = "ALTER TABLE tasks_task"
SQLITE = """
CREATE TRIGGER IF NOT EXISTS task_in_project BEFORE INSERT ON tasks_task WHEN NEW.project_id IS NULL
BEGIN SELECT RAISE(ABORT, 'NOT NULL constraint failed: tasks_task.project_id'); END
"""


class NeverNull(migrations.AlterField):
    """Makes the column NOT NULL; on SQLite by a trigger, where Django would copy the table and drop its triggers.

    First nobody can add a task without a project; then those get one that an older version has created meanwhile.
    PostgreSQL reads the tasks for a check that blocks nobody, and then knows that none is NULL.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        def alter(*changes: str) -> None:
            patiently(schema_editor, lambda: [schema_editor.execute(f"{TABLE} {change}") for change in changes])

        if schema_editor.connection.vendor != "postgresql":
            schema_editor.execute(SQLITE)
            schema_editor.execute(REST)
            return
        drop = "DROP CONSTRAINT IF EXISTS task_in_project"
        alter(drop, "ADD CONSTRAINT task_in_project CHECK (project_id IS NOT NULL) NOT VALID")
        schema_editor.execute(REST)
        schema_editor.execute(f"{TABLE} VALIDATE CONSTRAINT task_in_project")
        alter("ALTER COLUMN project_id SET NOT NULL", drop)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            statement = f"{TABLE} ALTER COLUMN project_id DROP NOT NULL"
            patiently(schema_editor, lambda: schema_editor.execute(statement))
        else:
            schema_editor.execute("DROP TRIGGER IF EXISTS task_in_project")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tasks", "0013_fill_project")]
    operations = [
        AddIndexOnline(
            "task",
            models.Index(
                condition=PRESENT,
                fields=["project", "-id"],
                include=(*NARROWED_BY, "created_by", "assigned_to"),
                name="in_project",
            ),
        ),
        RemoveIndexOnline("task", "created_by_me"),
        RemoveIndexOnline("task", "assigned_to_me"),
        AddIndexOnline(
            "task",
            models.Index(
                condition=PRESENT,
                fields=["assigned_to", "-id"],
                include=(*NARROWED_BY, "created_by", "project"),
                name="assigned_to_me",
            ),
        ),
        NeverNull(
            "task",
            "project",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tasks",
                to="projects.project",
            ),
        ),
    ]
