"""Each notification gets a row of its own for its email: the outbox becomes `Delivery`.

The rows are copied by one statement, so that a million of them take seconds.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

COLUMNS = (
    "due_at, state, not_before, attempt, lease_token, lease_until, message_id, mime, sent_at, reason, ambiguous"
)
COPY = f"""
INSERT INTO notifications_delivery (notification_id, channel, final_dot_at, server_reply, {COLUMNS})
SELECT id, 'mail', dot_at, smtp_reply, {COLUMNS} FROM notifications_notification ORDER BY id
"""
# What quiet hours had delayed kept its own moment among its data.
RESTORE_MOMENT = {
    "postgresql": """
        UPDATE notifications_notification SET due_at = (data->>'moment')::timestamptz, data = data - 'moment'
        WHERE data->>'moment' IS NOT NULL
    """,
    "sqlite": """
        UPDATE notifications_notification SET
            due_at = replace(replace(data->>'$.moment', 'T', ' '), '+00:00', ''), data = json_remove(data, '$.moment')
        WHERE data->>'$.moment' IS NOT NULL
    """,
}
KEEP_MOMENT = {
    "postgresql": """
        UPDATE notifications_notification AS message SET data = data || jsonb_build_object(
            'moment', to_char(message.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
        ) FROM notifications_delivery AS mail WHERE mail.notification_id = message.id AND mail.due_at > message.due_at
    """,
    "sqlite": """
        UPDATE notifications_notification AS message
        SET data = json_set(data, '$.moment', replace(message.due_at, ' ', 'T') || '+00:00')
        FROM notifications_delivery AS mail WHERE mail.notification_id = message.id AND mail.due_at > message.due_at
    """,
}
COPY_BACK = """
UPDATE notifications_notification AS message SET
    due_at = mail.due_at, state = mail.state, not_before = mail.not_before, attempt = mail.attempt,
    lease_token = mail.lease_token, lease_until = mail.lease_until, dot_at = mail.final_dot_at,
    message_id = mail.message_id, mime = mail.mime, sent_at = mail.sent_at, smtp_reply = mail.server_reply,
    reason = mail.reason, ambiguous = mail.ambiguous
FROM notifications_delivery AS mail WHERE mail.notification_id = message.id AND mail.channel = 'mail'
"""
MOVED = (
    *("message_id", "mime", "state", "not_before", "attempt", "lease_token", "lease_until", "dot_at"),
    *("sent_at", "smtp_reply", "reason", "ambiguous"),
)


def make_room(apps, schema_editor):
    """A page has room for the steps of its emails, and PostgreSQL stores their bytes without packing them."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE notifications_delivery SET (fillfactor = 50)")
        schema_editor.execute("ALTER TABLE notifications_delivery ALTER COLUMN mime SET STORAGE EXTERNAL")
        schema_editor.execute("ALTER TABLE notifications_notification RESET (fillfactor)")


def make_room_again(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE notifications_notification SET (fillfactor = 50)")
        schema_editor.execute("ALTER TABLE notifications_notification ALTER COLUMN mime SET STORAGE EXTERNAL")


def copy(apps, schema_editor):
    schema_editor.execute(COPY)
    schema_editor.execute(RESTORE_MOMENT[schema_editor.connection.vendor])


def copy_back(apps, schema_editor):
    schema_editor.execute(KEEP_MOMENT[schema_editor.connection.vendor])
    schema_editor.execute(COPY_BACK)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_kinds_are_registered")]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("mail", "Mail")], max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("leased", "Leased"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="When it should be sent: later than the moment, if quiet hours delay it."
                    ),
                ),
                (
                    "not_before",
                    models.DateTimeField(blank=True, help_text="When the next attempt may start, if any.", null=True),
                ),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=200)),
                ("mime", models.BinaryField(null=True)),
                (
                    "final_dot_at",
                    models.DateTimeField(
                        blank=True, help_text="When the final dot of the last attempt was sent.", null=True
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("server_reply", models.TextField(blank=True)),
                ("reason", models.CharField(blank=True, help_text="Why it was not sent.", max_length=200)),
                (
                    "ambiguous",
                    models.BooleanField(
                        default=False, help_text="Sent again, because an earlier final dot was never answered."
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.notification",
                    ),
                ),
            ],
            options={"verbose_name_plural": "deliveries"},
        ),
        migrations.RunPython(make_room, migrations.RunPython.noop),
        # Going back, `message_id` is there again before its values are.
        migrations.AlterField("notification", "message_id", models.CharField(max_length=200, default="")),
        migrations.RunPython(copy, copy_back),
        migrations.AddConstraint(
            "delivery",
            models.UniqueConstraint(fields=("notification", "channel"), name="one_delivery_a_channel"),
        ),
        migrations.RemoveIndex("notification", "outbox"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["channel", "not_before", "id"], name="outbox", condition=Q(("not_before__isnull", False))
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, make_room_again),
        *(migrations.RemoveField("notification", name) for name in MOVED),
        migrations.AlterField(
            "notification", "due_at", models.DateTimeField(help_text="The moment that it is about.")
        ),
        migrations.AlterField(
            "notification",
            "address",
            models.EmailField(blank=True, help_text="For a person without an account.", max_length=254),
        ),
        migrations.AlterField(
            "notification",
            "recipient",
            models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Empty: see the address.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notifications",
                to="accounts.user",
            ),
        ),
    ]
