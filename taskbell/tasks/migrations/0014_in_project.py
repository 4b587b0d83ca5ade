"""From now on no task is without a project; lists read the tasks of a project by an index."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

REST = """
UPDATE tasks_task SET project_id = (SELECT id FROM projects_project WHERE inbox_of_id = created_by_id)
WHERE project_id IS NULL
"""
NARROWED_BY = ("stage", "priority", "due_date", "due_at", "is_overdue", "category", "created_at")
PRESENT = models.Q(("deleted_at", None))


SQLITE = """
CREATE TRIGGER task_in_project BEFORE INSERT ON tasks_task WHEN NEW.project_id IS NULL
BEGIN SELECT RAISE(ABORT, 'NOT NULL constraint failed: tasks_task.project_id'); END
"""


class NeverNull(migrations.AlterField):
    """Makes the column NOT NULL; on SQLite by a trigger, where Django would copy the table and drop its triggers."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(REST)  # tasks that an older version has created meanwhile
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # an ALTER TABLE can't wait for them
            schema_editor.execute("ALTER TABLE tasks_task ALTER COLUMN project_id SET NOT NULL")
        else:
            schema_editor.execute(SQLITE)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("ALTER TABLE tasks_task ALTER COLUMN project_id DROP NOT NULL")
        else:
            schema_editor.execute("DROP TRIGGER task_in_project")


class Migration(migrations.Migration):
    dependencies = [("tasks", "0013_fill_project")]
    operations = [
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
        migrations.RemoveIndex("task", "created_by_me"),
        migrations.RemoveIndex("task", "assigned_to_me"),
        migrations.AddIndex(
            "task",
            models.Index(
                condition=PRESENT,
                fields=["project", "-id"],
                include=(*NARROWED_BY, "created_by", "assigned_to"),
                name="in_project",
            ),
        ),
        migrations.AddIndex(
            "task",
            models.Index(
                condition=PRESENT,
                fields=["assigned_to", "-id"],
                include=(*NARROWED_BY, "created_by", "project"),
                name="assigned_to_me",
            ),
        ),
    ]
