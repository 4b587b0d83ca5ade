"""The bytes of a mail say what was written, whatever it was."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.notifications.channels.mail.mime import MAX_LINE_LENGTH, letter

WRITTEN = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n.=\t "), max_size=300)


def read(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(raw, policy=SMTP))


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


SUBJECT = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50)
    | st.sampled_from(["=?utf-8?q?a=0D=0ABcc:_x?=", "=?us-ascii?q?=FF?=", "=?utf-8?b?", "?="]),
    min_size=1,
    max_size=4,
).map(" ".join)


@given(subject=SUBJECT, text=WRITTEN, html=WRITTEN)
def test_what_was_written_is_read_again(subject: str, text: str, html: str) -> None:
    raw = letter([("Subject", subject), ("To", "bo@example.org")], text=text, html=html)
    mail = read(raw)
    assert content(mail, "plain") == text.rstrip("\n") + "\n"
    assert content(mail, "html") == html.rstrip("\n") + "\n"
    assert mail["To"] == "bo@example.org"
    assert mail["Subject"] == subject
    assert len(mail.keys()) == len(["Subject", "To", "MIME-Version", "Content-Type"])
    assert not mail.defects
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= MAX_LINE_LENGTH


@pytest.mark.parametrize("subject", ["Water the plants", "Blumen gießen 🌻", "word " * 29 + "end"])
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    assert read(letter([("Subject", subject)], text="", html=""))["Subject"] == subject


def test_a_line_end_in_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        letter([("Subject", "hello\r\nBcc: all@example.org")], text="", html="")


def test_a_long_link_stays_in_one_piece() -> None:
    link = f"<https://example.org/{'a' * 300}>"
    assert read(letter([("List-Unsubscribe", link)], text="", html=""))["List-Unsubscribe"].strip() == link
