"""Indexes of titles and of search texts, once both are filled."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

from taskbell.tasks.search_index import create_index, drop_index


def create(apps: Any, schema_editor: Any) -> None:
    create_index(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    drop_index(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0006_fill_search_text")]
    operations = [
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["title_sort", "id"], name="by_title", condition=Q(deleted_at=None)),
        ),
        migrations.RunPython(create, drop),
    ]
