"""Every email in both languages."""

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.kinds import registered
from tests.conftest import NOW
from tests.languages.english import Shown, english_in
from tests.notifications.kinds import a_changed_task, message

KINDS = sorted(kind.name for kind in registered())


@pytest.mark.parametrize("kind", KINDS)
def test_an_email_speaks_the_language_of_its_reader(bo: User, mia: User, kind: str) -> None:
    for person in (bo, mia):
        update_profile(person, now=NOW, language="de")
        person.refresh_from_db()
    task = a_changed_task(bo, mia, at=NOW, title="Rosen", description="Schneiden", priority=3)
    letter = compose(message(kind, bo, mia, task, at=NOW), now=NOW)
    assert '<html lang="de">' in letter.html
    assert not list(english_in([letter.subject, *filter(None, letter.text.splitlines()), *Shown(letter.html).parts]))
    assert "Hallo" in letter.text or kind in ("invite", "project_invite")


def test_english_and_german_emails_of_one_second_do_not_mix(bo: User, mia: User) -> None:
    update_profile(mia, now=NOW, language="de")
    for reader, other, greeting in ((bo, mia, "Hi"), (mia, bo, "Hallo"), (bo, mia, "Hi")):
        reader.refresh_from_db()
        task = a_changed_task(reader, other, at=NOW)
        letter = compose(message("task_assigned", reader, other, task, at=NOW), now=NOW)
        assert letter.text.startswith(f"{greeting} {reader.name}")
