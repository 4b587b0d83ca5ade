"""What is in a mail, whatever people write and whoever has other words for it."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.signing import TimestampSigner
from django.template import engines

from taskbell.accounts.models import User
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.accounts.profile import update_profile
from taskbell.notifications.channels.mail import rendering, templates
from taskbell.notifications.channels.mail.rendering import compose, render
from taskbell.notifications.channels.mail.styles import STYLESHEET
from taskbell.notifications.kinds import registered
from taskbell.notifications.links import read_link
from taskbell.notifications.models import Delivery
from taskbell.tasks.models import Task
from tests.conftest import NOW
from tests.notifications.kinds import a_changed_task, message
from tests.reminders.mailbox import Mailbox, mailbox_in, part

NASTY = '<img src=x onerror=alert(1)>{{ site }}"><a href="http://evil.example">& co'
HEADER = "x\r\nBcc: all@example.org"
KINDS = sorted(kind.name for kind in registered())
PARTS = ("subject.txt", "body.txt", "body.html")
WITHOUT_TEXT_OF_OTHERS = {
    "password_reset",
    "session_ended",
    "sign_in_locked",
    "account_exists",
    "confirm_email",
    "email_changed",
}


@pytest.fixture
def mailbox(settings: Any, tmp_path: Path) -> Mailbox:
    return mailbox_in(settings, tmp_path)


def of_kind(kind: str, reader: User, by: User, **fields: Any) -> Delivery:
    return message(kind, reader, by, a_changed_task(reader, by, at=NOW, **fields), at=NOW)


class Loads(HTMLParser):
    """Everything in a page that makes a mail program ask somebody else for something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = re.findall(r"url\(|@import", html)
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "script", "link", "iframe", "object", "embed", "video", "audio", "form", "base"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name in ("src", "srcset", "background") or name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name == "href"]


def with_words_in(folder: Path, settings: Any) -> list[Any]:
    """The templates of a Taskbell whose TASKBELL_MAIL_TEMPLATES names this folder."""
    pages, mails = settings.TEMPLATES
    return [pages, mails | {"DIRS": [folder, *mails["DIRS"]]}]


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_three_templates(kind: str, name: str) -> None:
    assert engines["mail"].get_template(f"{kind}/{name}")


def test_there_is_no_template_that_no_kind_uses() -> None:
    folder = Path(str(engines["mail"].get_template("base.html").origin)).parent  # type: ignore[attr-defined]
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set(KINDS)
    assert {path.name for path in folder.glob("*/*")} == set(PARTS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_loads_nothing_and_leads_to_us_alone(bo: User, mia: User, settings: Any, kind: str) -> None:
    loads = Loads(compose(of_kind(kind, bo, mia), now=NOW).html)
    assert loads.found == []
    assert loads.links
    assert all(link.startswith(f"{settings.URL}/") for link in loads.links)


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_write_is_text_in_the_page_and_as_it_is_in_the_plain_part(bo: User, mia: User, kind: str) -> None:
    update_profile(mia, now=NOW, first_name=NASTY[:40], last_name="")
    update_profile(bo, now=NOW, first_name=NASTY[:40], last_name="")
    mia.refresh_from_db()
    letter = compose(of_kind(kind, bo, mia, title=NASTY, description=NASTY), now=NOW)
    loads = Loads(letter.html)
    assert loads.found == []
    assert not [link for link in loads.links if "evil" in link]
    assert "<img" not in letter.html
    assert "&lt;img" not in letter.text
    if kind not in WITHOUT_TEXT_OF_OTHERS:
        assert "<img src=x onerror" in letter.subject + letter.text


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_write_becomes_no_header_and_no_sender(
    bo: User, mia: User, settings: Any, mailbox: Mailbox, kind: str
) -> None:
    User.objects.filter(pk__in=[bo.pk, mia.pk]).update(first_name=HEADER, last_name="")
    mia.refresh_from_db()
    of_kind(kind, bo, mia)
    Task.objects.update(title=HEADER)  # as an older version let people write it
    (mail,) = mailbox.send(NOW)
    assert mail["Bcc"] is None
    assert str(mail["To"]) == "bo@example.org"
    assert str(mail["From"]) == settings.MAIL["sender"]
    assert len(str(mail["Subject"]).splitlines()) == 1


def test_a_long_title_is_cut_in_the_subject_alone(bo: User, mia: User) -> None:
    letter = compose(of_kind("overdue", bo, mia, title="ä" * 255), now=NOW)
    assert len(letter.subject) == 150
    assert "ä" * 255 in letter.text


@pytest.mark.parametrize("kind", MAIL_SWITCHES)
def test_mails_of_a_kind_that_can_be_stopped_have_the_headers_for_one_click(
    bo: User, mia: User, settings: Any, mailbox: Mailbox, kind: str
) -> None:
    of_kind(kind, bo, mia)
    (mail,) = mailbox.send(NOW)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(mail["List-Unsubscribe"]).replace("\r\n", "").replace(" ", "").strip("<>")
    assert link.startswith(f"{settings.URL}/mail/")
    deed = read_link(link.split("/")[-2])
    assert deed is not None
    assert (deed.person_id, deed.do, deed.about) == (bo.pk, "unsubscribe", kind)
    assert link in part(mail)
    assert link in part(mail, "html")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(MAIL_SWITCHES) - {"summary"}))
def test_mails_about_the_account_have_none(bo: User, mia: User, mailbox: Mailbox, kind: str) -> None:
    of_kind(kind, bo, mia)
    (mail,) = mailbox.send(NOW)
    assert mail["List-Unsubscribe"] is None
    assert "/mail/" not in part(mail)


@pytest.mark.parametrize("kind", KINDS)
def test_reminders_and_overdue_mails_have_buttons(bo: User, mia: User, kind: str) -> None:
    letter = compose(of_kind(kind, bo, mia), now=NOW)
    words = re.findall(r"/mail/([^/]+)/", letter.text)
    deeds = [deed.do for word in words if (deed := read_link(word))]
    buttons = ["done", "snooze", "tomorrow"] if kind in ("reminder", "overdue") else []
    assert deeds == buttons + ["unsubscribe"] * (kind in MAIL_SWITCHES or kind == "summary")
    assert len(re.findall(r"/mail/([^/]+)/", letter.html)) == len(words)


def test_another_administrator_has_other_words(bo: User, mia: User, settings: Any, tmp_path: Path) -> None:
    folder = tmp_path / "words"
    (folder / "reminder").mkdir(parents=True)
    (folder / "reminder" / "subject.txt").write_text("Ahoy: {{ task.title }}")
    settings.TEMPLATES = with_words_in(folder, settings)
    letter = compose(of_kind("reminder", bo, mia), now=NOW)
    assert letter.subject == "Ahoy: Water the plants"
    assert letter.text.startswith("Hi Bo,\n\nWater the plants\n")
    assert compose(of_kind("overdue", bo, mia), now=NOW).subject == "Overdue: Water the plants"


def test_another_administrator_has_another_frame_and_another_foot(
    bo: User, mia: User, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "base.html").write_text(
        "<style>.facts { color: red }</style><b>Frame</b>{% block body %}{% endblock %}<p class='facts'>End</p>"
    )
    (tmp_path / "foot.txt").write_text("{% if unsubscribe %}\n-- \nOur foot{% endif %}")
    settings.TEMPLATES = with_words_in(tmp_path, settings)
    letter = compose(of_kind("reminder", bo, mia), now=NOW)
    assert "<b>Frame</b>" in letter.html
    assert re.search('<p [^>]*style="color: red;?"[^>]*>End', letter.html), "styles in the head reach the elements"
    assert letter.text.endswith("-- \nOur foot\n")


def test_the_setting_names_that_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from taskbell.config.env import Environment  # noqa: PLC0415 - read anew from this environment

    monkeypatch.setenv("TASKBELL_MAIL_TEMPLATES", str(tmp_path))
    assert tmp_path == Environment().TASKBELL_MAIL_TEMPLATES


def test_the_relay_knows_a_mail_by_the_header_that_was_set(bo: User, mia: User, settings: Any) -> None:
    row = of_kind("reminder", bo, mia)
    assert b"Idempotency" not in render(row, now=NOW)
    settings.TASKBELL_IDEMPOTENCY_HEADER = "X-Idempotency-Key"
    (line,) = [line for line in render(row, now=NOW).splitlines() if line.startswith(b"X-Idempotency-Key: ")]
    assert line.split()[1].decode() == row.message_id[1:41]


@pytest.mark.parametrize("fields", [{}, {"description": NASTY + "\n100 % <b>\n\n%(title)s", "title": NASTY + " %s"}])
@pytest.mark.parametrize("late", [0, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_form_says_what_the_template_says(
    bo: User, mia: User, monkeypatch: pytest.MonkeyPatch, kind: str, late: int, fields: Any
) -> None:
    row = of_kind(kind, bo, mia, **fields)
    row.notification.data |= {"missed": late}
    now = NOW + timedelta(hours=late)
    monkeypatch.setattr(TimestampSigner, "timestamp", lambda _: "now")
    quickly = compose(row, now=now)
    fill_in = templates.fill_in
    monkeypatch.setattr(rendering, "fill_in", lambda kind, context: fill_in(replace(kind, compiled=False), context))
    assert quickly == compose(row, now=now)


@pytest.mark.parametrize("kind", sorted(kind.name for kind in registered() if kind.compiled))
def test_what_comes_by_the_thousand_in_plain_words_needs_no_encoding(bo: User, mia: User, kind: str) -> None:
    mail = message_from_bytes(render(of_kind(kind, bo, mia), now=NOW))
    assert [part["Content-Transfer-Encoding"] for part in mail.walk()] == [None, "7bit", "7bit"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_600_pixels_wide_at_most_and_dark_for_who_likes_it_dark(bo: User, mia: User, kind: str) -> None:
    html = compose(of_kind(kind, bo, mia), now=NOW).html
    assert "max-width: 600px" in html
    assert "@media (prefers-color-scheme: dark)" in html


@pytest.mark.parametrize("kind", KINDS)
def test_the_styles_are_at_the_elements_already(bo: User, mia: User, kind: str) -> None:
    html = compose(of_kind(kind, bo, mia), now=NOW).html
    bare = re.sub(r'(<(?:body|h[12]|p|a|span|table)[^>]*?) style="[^"]*"', r"\1", html)
    assert bare != html
    inlined_by_library = templates._inliner.inline(bare.replace("<style>", f"<style>{STYLESHEET}"))
    styles = [re.findall(r'<(\w+)[^>]*? style="([^"]*)"', text) for text in (html, inlined_by_library)]
    ours, inlined = (
        [(tag, sorted(rule.strip() for rule in style.split(";") if rule)) for tag, style in each] for each in styles
    )
    assert ours == inlined
