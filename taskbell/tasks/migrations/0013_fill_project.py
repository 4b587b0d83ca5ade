"""Puts every task into the Inbox of its creator, some thousand at a time, so that others can read and write."""

from typing import Any

from django.db import migrations, transaction
from django.db.models import Max, Min, OuterRef, Subquery

TASKS_AT_ONCE = 5000


def fill(apps: Any, schema_editor: Any) -> None:
    tasks, projects = (apps.get_model(*name).objects for name in (("tasks", "Task"), ("projects", "Project")))
    inbox = Subquery(projects.filter(inbox_of=OuterRef("created_by")).values("pk"))
    ends = tasks.aggregate(first=Min("pk"), last=Max("pk"))
    for first in range(ends["first"] or 0, (ends["last"] or -1) + 1, TASKS_AT_ONCE):
        with transaction.atomic():
            tasks.filter(pk__gte=first, pk__lt=first + TASKS_AT_ONCE, project=None).update(project=inbox)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tasks", "0012_project")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
