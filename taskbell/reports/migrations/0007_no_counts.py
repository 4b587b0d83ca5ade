"""The counts of tasks are now kept with the tasks (`tasks/0015_counting`)."""

from importlib import import_module
from typing import Any

from django.db import migrations

from taskbell.common.online import patiently

counting = import_module("taskbell.reports.migrations.0002_counting")


def stop_counting(apps: Any, schema_editor: Any) -> None:
    patiently(schema_editor, lambda: counting.stop_counting(apps, schema_editor))


class Migration(migrations.Migration):
    dependencies = [("reports", "0006_imports"), ("tasks", "0015_counting")]
    operations = [
        migrations.RunPython(stop_counting, counting.count_from_now_on),
        migrations.DeleteModel("TaskCount"),
    ]
