"""PostgreSQL keeps the bytes of a mail as they are: packing them takes longer than all else it does for the mail."""

from typing import Any

from django.db import migrations


def _store(how: str) -> Any:
    def change(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE notifications_notification ALTER COLUMN mime SET STORAGE {how}")

    return change


class Migration(migrations.Migration):
    """No rows are rewritten."""

    dependencies = [("notifications", "0001_initial")]
    operations = [migrations.RunPython(_store("EXTERNAL"), _store("EXTENDED"))]
