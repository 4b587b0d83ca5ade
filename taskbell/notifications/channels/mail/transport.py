"""The ways an email leaves, and what can go wrong on the way.

An email is prepared up to the one step that can't be undone, the final dot of SMTP; then it is committed by that step.
Between the two, its sender writes down that it will be.
"""

import logging
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

REPLY = re.compile(
    r"(?:\S+: |Not an answer: )?-?\d{1,3}(?=\s|-|$)(?: \d\.\d{1,3}\.\d{1,3}\b)?"
)  # RFC 5321 §4.2, RFC 3463


@dataclass(frozen=True)
class Envelope:
    """Sender, recipient, and the bytes of the message with CRLF line ends."""

    sender: str
    recipient: str
    message_id: str
    mime: bytes


class DeliveryProblem(Exception):
    """The email was not accepted; the text is the server's, or says what went wrong."""


class ServerUnavailable(DeliveryProblem):
    """Before the final dot, and not because of this email: the server can't be used now."""


class TemporarilyRefused(DeliveryProblem):
    """The server refused this email for now (4xx), or the connection broke before the final dot."""


class PermanentlyRefused(DeliveryProblem):
    """The server refused this email for good (5xx)."""


class NoAnswer(DeliveryProblem):
    """The final dot was sent and no answer came: the email may or may not have been accepted."""


# The server's reply if it accepted the email, or what went wrong.
Answer = str | DeliveryProblem


class Transport(Protocol):
    """A way out, for several emails side by side. One recipient per message."""

    @property
    def capacity(self) -> int:
        """How many emails it takes next, at least one."""

    def prepare(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        """Transmits up to `capacity` emails, all but their final dots.

        Returns which of them could not be, and why. Raises ServerUnavailable if none could.
        """

    def commit(self, message_ids: Collection[str]) -> Iterator[Mapping[str, Answer]]:
        """Sends the final dot of these prepared emails, and hangs up on the others.

        Yields the server's answers as they come; those that come close together, together.
        """

    def close(self) -> None:
        """Gives up what was prepared and not committed, and closes all connections."""


@dataclass
class Folder:
    """Emails as files, for development: the same message always becomes the same file."""

    path: Path
    capacity: int = 1
    _drafts: dict[str, tuple[Path, Envelope]] = field(default_factory=dict, init=False)

    def prepare(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for envelope in envelopes:
                draft = self.path / f".{_name(envelope)}.{os.getpid()}"
                self._drafts[envelope.message_id] = draft, envelope
                draft.write_bytes(envelope.mime)
        except OSError as error:
            raise ServerUnavailable(str(error)) from error
        return {}

    def commit(self, message_ids: Collection[str]) -> Iterator[Mapping[str, Answer]]:
        for message_id in message_ids:
            draft, envelope = self._drafts.pop(message_id)
            file = draft.rename(self.path / f"{_name(envelope)}.eml")
            log.info("email %s is in %s", message_id, file)
            yield {message_id: f"written to {file.name}"}
        self.close()

    def close(self) -> None:
        for draft, _ in self._drafts.values():
            draft.unlink(missing_ok=True)
        self._drafts.clear()


def without_text(problem: str) -> str:
    """What the log may say of a problem: of a server's reply only the code, because servers quote addresses."""
    reply = REPLY.match(problem)
    return reply[0] if reply else problem


def _name(envelope: Envelope) -> str:
    return envelope.message_id.strip("<>").split("@")[0]
