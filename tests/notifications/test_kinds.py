"""A kind of notification is one registration and a folder of templates."""

from pathlib import Path
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.accounts.profile import update_profile
from taskbell.notifications import kinds
from taskbell.notifications.inbox import inbox_of
from taskbell.notifications.kinds import Kind, registered
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Notification
from tests.conftest import NOW
from tests.notifications.kinds import a_changed_task, message
from tests.notifications.test_rendering import with_words_in
from tests.reminders.mailbox import Mailbox, mailbox_in, part, subjects


@pytest.fixture
def mailbox(settings: Any, tmp_path: Path) -> Mailbox:
    return mailbox_in(settings, tmp_path)


def registered_for_this_test(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> Kind:
    monkeypatch.setitem(kinds._registered, kind.name, kind)
    if kind.switch:
        monkeypatch.setitem(MAIL_SWITCHES, kind.name, kind.switch)
    return kind


def test_every_feature_registers_its_own() -> None:
    assert [kind.name for kind in registered()] == [
        *("summary", "reminder"),
        *("task_assigned", "task_updated", "unblocked", "overdue", "due_digest"),
        *("mentioned", "commented"),
        *("project_shared", "project_invite"),
        *("invite", "password_reset", "session_ended", "sign_in_locked", "account_exists"),
        *("confirm_email", "email_changed", "account_changed"),
    ]


def test_a_new_kind_is_one_registration_and_a_folder(
    bo: User, mia: User, settings: Any, tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = Kind("task_finished", switch="A task of mine is finished", context=lambda _: {"medal": "gold"})
    registered_for_this_test(monkeypatch, finished)
    (tmp_path / "task_finished").mkdir()
    for name in ("subject.txt", "body.txt", "body.html"):
        (tmp_path / "task_finished" / name).write_text("{{ title }}: {{ medal }} {{ unsubscribe }}")
    settings.TEMPLATES = with_words_in(tmp_path, settings)
    task = a_changed_task(bo, mia, at=NOW)
    for key in ("first", "second"):
        notify([Message(bo.pk, finished, key=key, due_at=NOW, task_id=task.pk)], now=NOW)
        mails = mailbox.send(NOW)
        if key == "second":
            assert mails == [], "bo has switched it off"
            continue
        assert part(mails[0]).startswith("Water the plants: gold http")
        assert mails[0]["List-Unsubscribe"] is not None
        assert subjects(mails)[0].startswith("Water the plants: gold")
        update_profile(bo, now=NOW, mail_preferences={"task_finished": False})
    assert inbox_of(bo).count() == 2


def test_a_kind_hidden_in_the_app_is_in_no_inbox(bo: User, mia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = registered_for_this_test(monkeypatch, Kind("quiet", shows_in_app=False))
    notify([Message(bo.pk, quiet, key="quiet", due_at=NOW)], now=NOW)
    assert Notification.objects.filter(recipient=bo).count() == 1
    assert inbox_of(bo).count() == 0


def test_a_kind_that_is_gone_is_cancelled_and_keeps_no_other_waiting(bo: User, mia: User, mailbox: Mailbox) -> None:
    task = a_changed_task(bo, mia, at=NOW)
    gone, _ = (message("reminder", user, mia, task, at=NOW) for user in (bo, mia))
    Notification.objects.filter(pk=gone.notification_id).update(kind="gone")
    assert subjects(mailbox.send(NOW)) == ["Reminder: Water the plants"]
    gone.refresh_from_db()
    assert (gone.state, gone.reason) == ("cancelled", "Cancelled because Taskbell no longer sends emails of this kind.")
