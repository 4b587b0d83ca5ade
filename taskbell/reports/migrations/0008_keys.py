"""A report remembers what its person could see, project by project."""

from typing import Any

from django.db import migrations, models

OVERSEERS = "overseers"


def keep_those_of_everything(apps: Any, schema_editor: Any) -> None:
    apps.get_model("reports", "Report").objects.filter(of_everything=True).update(keys=[OVERSEERS])


def put_back(apps: Any, schema_editor: Any) -> None:
    reports = apps.get_model("reports", "Report").objects
    of_everything = [pk for pk, keys in reports.values_list("pk", "keys") if OVERSEERS in (keys or ())]
    reports.filter(pk__in=of_everything).update(of_everything=True)


class Migration(migrations.Migration):
    """Earlier reports count as covering no project."""

    dependencies = [("reports", "0007_no_counts")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="keys",
            field=models.JSONField(
                blank=True, help_text="Whose tasks it covers: the keys of the person's access.", null=True
            ),
        ),
        migrations.RunPython(keep_those_of_everything, put_back),
        migrations.RemoveField("report", "of_everything"),
    ]
