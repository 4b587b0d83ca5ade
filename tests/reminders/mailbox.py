"""The mails of a test as files: what was sent, in order, and short ways to have something sent."""

import email
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, cast

from taskbell.notifications.channels.mail import delivery
from taskbell.reminders.firing import deliver_due


@dataclass
class Mailbox:
    """A folder that mails are written to instead of being sent."""

    folder: Path
    _seen: list[Path] = field(default_factory=list)

    def send(self, now: datetime) -> list[EmailMessage]:
        """Sends what is due; the mails that this made, each with its recipient in `To`."""
        delivery.send_waiting(clock=lambda: now)
        new = sorted(path for path in self.folder.glob("*.eml") if path not in self._seen)
        self._seen += new
        mails = [cast(EmailMessage, email.message_from_bytes(path.read_bytes(), policy=SMTP)) for path in new]
        return sorted(mails, key=lambda mail: (str(mail["To"]), str(mail["Subject"])))

    def tick(self, now: datetime) -> list[EmailMessage]:
        """Lets the clock fire the reminders that are due, and sends."""
        deliver_due(now)
        return self.send(now)


def mailbox_in(settings: Any, tmp_path: Path) -> Mailbox:
    """An empty one, which the settings name from now on."""
    settings.MAIL = settings.MAIL | {"host": None, "folder": str(tmp_path / "mail")}
    return Mailbox(tmp_path / "mail")


def part(mail: EmailMessage, kind: str = "plain") -> str:
    """The text or the HTML of a mail."""
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def names(mails: list[EmailMessage]) -> list[str]:
    """Who got the mails."""
    return [str(mail["To"]).partition("@")[0] for mail in mails]


def subjects(mails: list[EmailMessage]) -> list[str]:
    """What the mails are about."""
    return [str(mail["Subject"]) for mail in mails]
