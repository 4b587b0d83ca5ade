"""Rows from before a delivery was a row of its own: all of them survive, there and back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from tests.conftest import NOW, make_person
from tests.migrating import migrate

APP = "notifications"
BEFORE, AFTER = "0005_kinds_are_registered", "0006_deliveries"
TOKEN = UUID(int=7)
HELD_UNTIL = NOW + timedelta(hours=8)
OUTCOMES: dict[str, dict[str, Any]] = {
    "pending": {"not_before": NOW, "attempt": 3, "smtp_reply": "450 not now"},
    "leased": {"not_before": NOW, "lease_token": TOKEN, "lease_until": NOW + timedelta(minutes=1)},
    "in doubt": {
        "state": "leased",
        "not_before": NOW,
        "lease_token": TOKEN,
        "lease_until": NOW,
        "dot_at": NOW,
        "mime": b"the bytes\r\n.\x00",
        "ambiguous": True,
        "attempt": 16,
    },
    "sent": {"sent_at": NOW + timedelta(seconds=2), "smtp_reply": "250 accepted"},
    "failed": {"reason": "The mail server refused it.", "smtp_reply": "550 no such user", "ambiguous": True},
    "cancelled": {"reason": "Because."},
    "held in the night": {
        "state": "pending",
        "due_at": HELD_UNTIL,
        "not_before": HELD_UNTIL,
        "data": {"moment": NOW.isoformat(), "reminder": 7},
    },
}


@pytest.fixture
def old(transactional_db: None) -> Iterator[Any]:
    """The models as they were; afterwards everything is as it is."""
    make_person("bo", Role.MEMBER)
    yield migrate((APP, BEFORE))
    migrate()


def written(old: Any) -> list[dict[str, Any]]:
    """A row in every state, and how it is stored."""
    person = User.objects.get().pk
    messages = old.get_model(APP, "Notification").objects
    for number, (name, outcome) in enumerate(OUTCOMES.items()):
        state = {"state": name} if name in ("pending", "leased", "sent", "failed", "cancelled") else {}
        who = {"address": "new@example.org"} if name == "cancelled" else {"recipient_id": person}
        about = {"kind": "reminder", "dedupe_key": name, "message_id": f"<{number}@localhost>", "due_at": NOW}
        read = {"read_at": NOW} if name == "sent" else {}
        messages.create(
            **who | about | {"created_at": NOW - timedelta(minutes=number), "not_before": None} | state | read | outcome
        )
    return stored(messages)


def stored(rows: Any) -> list[dict[str, Any]]:
    return [{k: bytes(v) if k == "mime" and v else v for k, v in row.items()} for row in rows.order_by("id").values()]


def test_every_row_keeps_what_it_says_and_gets_a_delivery_with_what_became_of_it(old: Any) -> None:
    before = written(old)
    new = migrate((APP, AFTER))
    messages = stored(new.get_model(APP, "Notification").objects)
    mails = stored(new.get_model(APP, "Delivery").objects)
    assert [mail["notification_id"] for mail in mails] == [row["id"] for row in before]
    said = ("id", "dedupe_key", "recipient_id", "address", "kind", "task_id", "created_at", "read_at")
    became = ("state", "due_at", "not_before", "attempt", "lease_token", "lease_until", "message_id")
    became += ("mime", "sent_at", "reason", "ambiguous")
    for row, message, mail in zip(before, messages, mails, strict=True):
        assert {name: message[name] for name in said} == {name: row[name] for name in said}
        assert {name: mail[name] for name in became} == {name: row[name] for name in became}
        assert (mail["channel"], mail["final_dot_at"], mail["server_reply"]) == (
            "mail",
            row["dot_at"],
            row["smtp_reply"],
        )
    assert {message["due_at"] for message in messages} == {NOW}, "also of what waits for the end of the night"
    assert (messages[-1]["data"], mails[-1]["due_at"]) == ({"reminder": 7}, HELD_UNTIL)


def test_and_back_again(old: Any) -> None:
    before = written(old)
    migrate((APP, AFTER))
    after = stored(migrate((APP, BEFORE)).get_model(APP, "Notification").objects)
    for row in (before[-1], after[-1]):
        row["moment"] = datetime.fromisoformat(row["data"].pop("moment")).astimezone(UTC)
    assert json.dumps(after, default=repr) == json.dumps(before, default=repr)


def test_a_migrated_outbox_goes_on(old: Any) -> None:
    """A sender finds what waits, what a crash left, and what is in doubt; nothing else."""
    written(old)
    new = migrate((APP, AFTER))
    waiting = new.get_model(APP, "Delivery").objects.filter(not_before__isnull=False)
    names = set(waiting.values_list("notification__dedupe_key", flat=True))
    assert names == {"pending", "leased", "in doubt", "held in the night"}
