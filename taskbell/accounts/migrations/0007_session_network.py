"""Networks of sessions, by which a person is known. Those of existing sessions are filled in batches."""

from typing import Any

from django.db import migrations, models

from taskbell.common.networks import network_of

CHUNK_ROWS = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    """From the addresses, without holding up other writers for long."""
    sessions = apps.get_model("accounts", "Session").objects.exclude(address="").order_by("pk").only("address")
    last = None
    while batch := list((sessions.filter(pk__gt=last) if last else sessions)[:CHUNK_ROWS]):
        for session in batch:
            session.network = network_of(session.address)
        sessions.model.objects.bulk_update(batch, ["network"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_unused_pair")]

    operations = [
        migrations.AddField(
            "session",
            "network",
            models.CharField(blank=True, help_text="The address, or the IPv6 network that is counted as one client.", max_length=64),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex("session", models.Index(fields=["user", "network"], name="accounts_se_user_id_859190_idx")),
    ]
