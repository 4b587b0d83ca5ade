"""An export can be a calendar."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Only the choices change, so the database does nothing."""

    dependencies = [("reports", "0004_of_everything")]

    operations = [
        migrations.AlterField(
            model_name="report",
            name="format",
            field=models.CharField(
                choices=[("json", "Json"), ("csv", "Csv"), ("xlsx", "Xlsx"), ("ics", "Ics")], max_length=10
            ),
        ),
    ]
