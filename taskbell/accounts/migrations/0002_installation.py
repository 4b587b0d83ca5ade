"""Makes the one row about the installation."""

from typing import Any

from django.db import migrations


def make_row(apps: Any, schema_editor: Any) -> None:
    apps.get_model("accounts", "Installation").objects.create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(make_row, migrations.RunPython.noop)]
