"""A real SMTP server that remembers what it accepted and can be told to be difficult."""

import asyncio
import email
import logging
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Accepted:
    """A mail the server has taken responsibility for."""

    recipient: str
    raw: bytes
    host: str

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return cast(EmailMessage, email.message_from_bytes(self.raw, policy=SMTP_POLICY))


@dataclass
class SmtpSink:
    """Accepts mail and writes it down before it says so.

    `on_rcpt` and `on_data` are answers to give instead, used up one by one. Two of them are deeds:
    "drop" hangs up without accepting; "drop after" accepts, hangs up, and never says so. After an answer behind "bye",
    it hangs up as well. `thoughts` are the seconds
    that each mail takes, used up likewise.
    """

    accepted: list[Accepted] = field(default_factory=list)
    on_rcpt: list[str] = field(default_factory=list)
    on_data: list[str] = field(default_factory=list)
    thoughts: list[float] = field(default_factory=list)
    seconds_to_think: float = 0
    seconds_to_greet: float = 0
    most_connections: int = 1000
    offers_pipelining: bool = False
    port: int = 0
    connections: int = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        if self.connections == self.most_connections:
            return ["421 too many connections"]
        self.connections += 1
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]] if self.offers_pipelining else responses

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:  # noqa: N802
        return "421 too many connections"  # only who got this for EHLO asks

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.on_rcpt.pop(0) if self.on_rcpt else ""
        await asyncio.sleep(self.seconds_to_greet)
        if answer == "drop":
            cast(Any, server).transport.abort()
        if answer.startswith("bye "):
            return _last_word(server, answer)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.on_data.pop(0) if self.on_data else "250 accepted"
        await asyncio.sleep(self.thoughts.pop(0) if self.thoughts else self.seconds_to_think)
        if answer == "drop":
            cast(Any, server).transport.abort()
            return ""
        if answer.removeprefix("bye ").startswith("2") or answer == "drop after":
            content = envelope.original_content or b""
            self.accepted += [Accepted(to, content, str(session.host_name)) for to in envelope.rcpt_tos]
        if answer == "drop after":
            cast(Any, server).transport.abort()
            return ""
        return _last_word(server, answer) if answer.startswith("bye ") else answer

    @property
    def message_ids(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(str(mail.message["Message-ID"]) for mail in self.accepted)

    def subjects(self) -> list[str]:
        """What the accepted mails are about, in order."""
        return [str(mail.message["Subject"]) for mail in self.accepted]


def _last_word(server: SMTP, answer: str) -> str:
    transport = cast(Any, server).transport
    transport.write(f"{answer.removeprefix('bye ')}\r\n".encode())
    transport.close()
    return ""


@contextmanager
def running_sink(port: int = 0) -> Iterator[SmtpSink]:
    """A sink on a port of 127.0.0.1 that is free, or on this one."""
    sink = SmtpSink()
    controller = Controller(sink, hostname="127.0.0.1", port=port or _free_port(), data_size_limit=10_000_000)
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()


logging.getLogger("mail.log").setLevel(logging.WARNING)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
