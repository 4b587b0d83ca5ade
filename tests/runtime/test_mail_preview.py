"""`taskbell mail preview` and `taskbell after-restore`, as an administrator types them."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from taskbell.notifications.kinds import registered
from tests.prepared import prepared
from tests.processes import taskbell
from tests.services import fresh_database


@pytest.fixture
def database() -> dict[str, str]:
    return fresh_database()


def test_every_kind_of_mail_becomes_three_files_and_nobody_stays_behind(
    data: Path, tmp_path: Path, database: dict[str, str]
) -> None:
    folder = tmp_path / "to" / "look at"
    for _ in range(2):
        result = taskbell("mail", "preview", "--to", str(folder), data=data, env=database, within=60)
        assert result.returncode == 0, result.stderr
    assert f"Wrote {len(registered())} kinds of email to" in result.stdout
    expected = {f"{kind.name}.{ending}" for kind in registered() for ending in ("subject.txt", "txt", "html")}
    assert {file.name for file in folder.iterdir()} == expected
    assert all(file.read_text().strip() for file in folder.iterdir())
    assert 'Priority: High → Urgent ("Ada")' in (folder / "task_updated.txt").read_text()
    assert "Order the seedlings" in (folder / "due_digest.txt").read_text()
    assert '"Ada" invites you' in (folder / "invite.subject.txt").read_text()
    count = "from taskbell.accounts.models import User, Installation as I; print('people', User.objects.count(),"
    count += "'claimed', I.objects.exclude(claimed_at=None).count())"
    left = taskbell("shell", "-c", count, data=data, env=database, within=60)
    assert "people 0 claimed 0" in left.stdout


def test_the_words_of_an_administrator_are_in_the_preview(data: Path, tmp_path: Path, database: dict[str, str]) -> None:
    words, folder = tmp_path / "words", tmp_path / "preview"
    (words / "overdue").mkdir(parents=True)
    (words / "overdue" / "subject.txt").write_text("Too late: {{ task.title }}")
    env = database | {"TASKBELL_MAIL_TEMPLATES": str(words)}
    assert taskbell("mail", "preview", "--to", str(folder), data=prepared(data), env=env, within=60).returncode == 0
    assert (folder / "overdue.subject.txt").read_text() == "Too late: Order the seedlings and the pots"
    assert (folder / "reminder.subject.txt").read_text().startswith("Reminder: ")


def test_after_restore_says_what_it_lets_rest(data: Path, database: dict[str, str]) -> None:
    prepared(data)
    result = taskbell("after-restore", "--sent-until", "2026-11-21 09:00:00", data=data, env=database, within=60)
    assert result.returncode == 0, result.stderr
    assert "Skipped 0 reminders and 0 emails due until 2026-11-21 09:00 UTC." in " ".join(result.stdout.split())


def test_after_restore_lets_nothing_rest_that_is_still_to_come(data: Path, database: dict[str, str]) -> None:
    prepared(data)
    soon = (datetime.now(UTC) + timedelta(hours=1)).astimezone(timezone(timedelta(hours=5)))
    for moment, code in ((soon, 2), (soon - timedelta(hours=2), 0)):
        text = moment.isoformat(timespec="seconds")
        result = taskbell("after-restore", "--sent-until", text, data=data, env=database, within=60)
        assert result.returncode == code, result.stderr
        assert ("is in the future" in " ".join(result.stderr.split())) == (code == 2)


@pytest.mark.parametrize("arguments", [["after-restore"], ["after-restore", "--sent-until", "noon"], ["mail", "send"]])
def test_a_command_that_is_typed_wrong_does_nothing(data: Path, arguments: list[str]) -> None:
    result = taskbell(*arguments, data=data)
    assert result.returncode == 2
    assert f"Usage: taskbell {arguments[0]}" in result.stderr
