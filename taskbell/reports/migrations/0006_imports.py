"""Workers import large files: they are stored until the import ends."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Reports are few, so that their table is altered at once."""

    dependencies = [("reports", "0005_calendars")]

    operations = [
        migrations.AlterField(
            model_name="report",
            name="kind",
            field=models.CharField(
                choices=[("insights", "Insights"), ("export", "Export"), ("import", "Import")], max_length=10
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="first_id",
            field=models.BigIntegerField(
                blank=True, help_text="The id below those that an import has taken.", null=True
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="written",
            field=models.PositiveIntegerField(default=0, help_text="How many rows an import has written so far."),
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uploads", to="reports.report"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("report", "position"), name="one_upload")],
            },
        ),
    ]
