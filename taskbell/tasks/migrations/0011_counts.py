"""The table of the kept counts of tasks; `0016_recount` fills it."""

from typing import Any

from django.conf import settings
from django.db import migrations, models

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
    ]
