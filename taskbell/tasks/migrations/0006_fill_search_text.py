"""Fills the sort keys and search texts of the rows that are there, some thousand at a time."""

from collections.abc import Iterator
from typing import Any

from django.db import migrations

from taskbell.common.folding import fold, sort_key
from taskbell.common.loading import load_rows

CHUNK_ROWS = 5000
BY_ARRAYS = """
    UPDATE tasks_task AS task SET title_sort = line.key
    FROM unnest(%s::bigint[], %s::text[]) AS line(id, key) WHERE task.id = line.id
"""


def fill(apps: Any, schema_editor: Any) -> None:
    categories = apps.get_model("tasks", "Category").objects
    for pk, name in categories.values_list("pk", "name").iterator():
        categories.filter(pk=pk).update(name_sort=sort_key(name))
    for rows in _chunks(apps.get_model("tasks", "Task").objects):
        keys = [(sort_key(title), pk) for pk, title, _ in rows]
        with schema_editor.connection.cursor() as cursor:
            if schema_editor.connection.vendor == "postgresql":
                cursor.execute(BY_ARRAYS, [[pk for _, pk in keys], [key for key, _ in keys]])
            else:
                cursor.executemany("UPDATE tasks_task SET title_sort = %s WHERE id = %s", keys)
        texts = ((pk, fold(f"{title}\n{description}")) for pk, title, description in rows)
        load_rows("tasks_searchtext", ("task_id", "text"), texts)


def _chunks(tasks: Any) -> Iterator[list[Any]]:
    """By primary key: SQLite would mix up a cursor and the updates behind it."""
    last = 0
    columns = tasks.order_by("pk").values_list("pk", "title", "description")
    while rows := list(columns.filter(pk__gt=last)[:CHUNK_ROWS]):
        yield rows
        last = rows[-1][0]


def empty(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DELETE FROM tasks_searchtext")


class Migration(migrations.Migration):
    dependencies = [("tasks", "0005_search_text")]
    operations = [migrations.RunPython(fill, empty)]
