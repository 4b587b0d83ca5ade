"""Lets the database count the tasks while it writes them, beginning with those that are there."""

from typing import Any

from django.db import migrations

from taskbell.reports.counting import RECOUNT, drop_statements, trigger_statements


def count_from_now_on(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in [*drop_statements(vendor), *trigger_statements(vendor), RECOUNT]:
        schema_editor.execute(statement)


def stop_counting(apps: Any, schema_editor: Any) -> None:
    for statement in drop_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("tasks", "0001_initial")]
    operations = [migrations.RunPython(count_from_now_on, stop_counting)]
