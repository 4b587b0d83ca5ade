"""PostgreSQL takes a claim and a mark without writing to any index: nothing that an index asks for changes by them.

For that, a page has room for the steps of its mails, and what is over is out of the outbox by having no next attempt.
"""

from typing import Any

from django.db import migrations, models


def _fill(percent: int) -> Any:
    def change(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE notifications_notification SET (fillfactor = {percent})")

    return change


def _empty(apps: Any, schema_editor: Any) -> None:
    mails = apps.get_model("notifications", "Notification").objects
    mails.exclude(state__in=["pending", "leased"]).update(not_before=None)


def _fill_in(apps: Any, schema_editor: Any) -> None:
    mails = apps.get_model("notifications", "Notification").objects
    mails.filter(not_before=None).update(not_before=models.F("due_at"))


class Migration(migrations.Migration):
    """What is over leaves the outbox before its index is made."""

    dependencies = [("notifications", "0003_fewer_indexes")]
    operations = [
        migrations.RemoveIndex("notification", "outbox"),
        migrations.AlterField(
            "notification",
            "not_before",
            models.DateTimeField(blank=True, help_text="When the next attempt may start, if any.", null=True),
        ),
        migrations.RunPython(_empty, _fill_in),
        migrations.AddIndex(
            "notification",
            models.Index(
                fields=["not_before", "id"], name="outbox", condition=models.Q(("not_before__isnull", False))
            ),
        ),
        migrations.RunPython(_fill(50), _fill(100)),
    ]
