"""Counts the tasks that are there; others can write meanwhile, since the triggers count what they write."""

from typing import Any

from django.db import migrations

from taskbell.tasks.counting import RECOUNT


def count(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(RECOUNT)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0015_counting")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
