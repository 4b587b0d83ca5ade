"""The ways a mail leaves, and what can go wrong on the way.

A mail is brought up to the one step that cannot be taken back, which is the final dot of SMTP; then that step is
taken. Between the two its sender writes down that it will be.
"""

import logging
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Envelope:
    """Who it is from and for, and the bytes of the message with CRLF line ends."""

    sender: str
    recipient: str
    message_id: str
    mime: bytes


class DeliveryProblem(Exception):
    """The mail was not accepted; the text is the server's, or says what went wrong."""


class Unavailable(DeliveryProblem):
    """Before the final dot, and not because of this mail: the server cannot be worked with now."""


class TryLater(DeliveryProblem):
    """The server refused this mail for now (4xx), or the connection broke before the final dot."""


class Refused(DeliveryProblem):
    """The server refused this mail for good (5xx)."""


class NoAnswer(DeliveryProblem):
    """The final dot went out and no answer came: nobody knows whether the mail was accepted."""


# The server's words of acceptance, or what went wrong.
Answer = str | DeliveryProblem


class Transport(Protocol):
    """A way out, for some mails side by side. One recipient a message."""

    @property
    def room(self) -> int:
        """How many mails it takes next, at least one."""

    def bring(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        """Brings mails, no more than there is room for, to where they only need their final dot.

        Says which of them do not stand there, and why. Raises Unavailable where none can be brought.
        """

    def finish(self, message_ids: Collection[str]) -> Iterator[Mapping[str, Answer]]:
        """Gives those of the mails brought their final dot, and hangs up on the others.

        What the server says comes as it says it: what follows at once, together.
        """

    def close(self) -> None:
        """Gives up what was brought and not finished, and lets go of all connections."""


@dataclass
class Folder:
    """Mails as files, for development: the same message always becomes the same file."""

    path: Path
    room: int = 1
    _drafts: dict[str, tuple[Path, Envelope]] = field(default_factory=dict, init=False)

    def bring(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for envelope in envelopes:
                draft = self.path / f".{_name(envelope)}.{os.getpid()}"
                self._drafts[envelope.message_id] = draft, envelope
                draft.write_bytes(envelope.mime)
        except OSError as error:
            raise Unavailable(str(error)) from error
        return {}

    def finish(self, message_ids: Collection[str]) -> Iterator[Mapping[str, Answer]]:
        for message_id in message_ids:
            draft, envelope = self._drafts.pop(message_id)
            file = draft.rename(self.path / f"{_name(envelope)}.eml")
            subject = message_from_bytes(envelope.mime, policy=policy.SMTP)["Subject"]
            log.info("mail to %s: %r is in %s", envelope.recipient, str(subject), file)
            yield {message_id: f"written to {file.name}"}
        self.close()

    def close(self) -> None:
        for draft, _ in self._drafts.values():
            draft.unlink(missing_ok=True)
        self._drafts.clear()


def _name(envelope: Envelope) -> str:
    return envelope.message_id.strip("<>").split("@")[0]
