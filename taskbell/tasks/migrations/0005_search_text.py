"""Room for what tasks are sorted and found by."""

import django.db.models.deletion
from django.db import migrations, models

from taskbell.common.add_column import AddColumn
from taskbell.common.folding import SortKeyField


class Migration(migrations.Migration):
    dependencies = [("tasks", "0004_source")]
    operations = [
        AddColumn("task", "title_sort", SortKeyField("title")),
        AddColumn("category", "name_sort", SortKeyField("name")),
        migrations.AlterModelOptions(
            name="category", options={"ordering": ["name_sort", "id"], "verbose_name_plural": "categories"}
        ),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="tasks.task",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
    ]
