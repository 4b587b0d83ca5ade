"""Lets the database count the tasks in more ways while it writes them, beginning with those that are there."""

from typing import Any

from django.conf import settings
from django.db import migrations, models

from taskbell.tasks.counting import RECOUNT, drop_statements, trigger_statements


def count_from_now_on(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in [*drop_statements(vendor), *trigger_statements(vendor), RECOUNT]:
        schema_editor.execute(statement)


def stop_counting(apps: Any, schema_editor: Any) -> None:
    for statement in drop_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def number_of(model: str) -> Any:
    return models.ForeignKey(
        db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name="+", to=model
    )


class Migration(migrations.Migration):
    dependencies = [("tasks", "0010_labels"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="TaskCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("section", models.CharField(help_text="A section, or `recent`.", max_length=10)),
                ("stage", models.CharField(max_length=12, null=True)),
                ("is_overdue", models.BooleanField(null=True)),
                ("priority", models.SmallIntegerField(null=True)),
                ("category", number_of("tasks.category")),
                ("due_date", models.DateField(null=True)),
                ("assigned_to", number_of(settings.AUTH_USER_MODEL)),
                ("created_by", number_of(settings.AUTH_USER_MODEL)),
                ("n", models.IntegerField()),
            ],
            options={"indexes": [models.Index(
                fields=["section", "stage", "priority", "due_date", "is_overdue", "n"], name="counts_of_section"
            )]},
        ),
        migrations.RunPython(count_from_now_on, stop_counting),
    ]
