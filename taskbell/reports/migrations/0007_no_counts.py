"""The counts of tasks are now kept with the tasks (`tasks/0015_counting`)."""

from importlib import import_module

from django.db import migrations

counting = import_module("taskbell.reports.migrations.0002_counting")


class Migration(migrations.Migration):
    dependencies = [("reports", "0006_imports"), ("tasks", "0015_counting")]
    operations = [
        migrations.RunPython(counting.stop_counting, counting.count_from_now_on),
        migrations.DeleteModel("TaskCount"),
    ]
