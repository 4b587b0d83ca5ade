"""The two ways a mail leaves: SMTP, or a file in a folder where no mail server is named.

Both call `before_dot` right before the step that cannot be taken back, and hang up when it answers False; and
`if_slow` where they may have to wait before that.
"""

import logging
import os
import select
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Protocol, cast

from django.conf import settings

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10
STEP_SECONDS = 30
DOT_SECONDS = 600  # RFC 5321 §4.5.3.2.6

SLOW_AFTER_MS = 50
# What the server must say to each command.
EXPECTED = {"MAIL": (250,), "RCPT": (250, 251), "DATA": (354,)}

BeforeDot = Callable[[], bool]
IfSlow = Callable[[], None]


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


class Fenced(DeliveryProblem):
    """Another sender owns this mail by now; we hung up before the final dot."""


class Transport(Protocol):
    """A way out. One recipient a message; many messages one after the other."""

    def deliver(self, envelope: Envelope, *, before_dot: BeforeDot, if_slow: IfSlow) -> str:
        """Returns the server's words of acceptance. Raises a DeliveryProblem."""

    def close(self) -> None:
        """Lets go of the connection."""


def open_transport() -> Transport:
    """The transport the settings ask for; it connects with the first message."""
    return SMTP() if settings.MAIL["host"] else Folder(Path(settings.MAIL["folder"]))


class _Prompt:
    """Sends small packets at once: Nagle's algorithm would hold the final dot back for 40 ms a mail."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = cast(socket.socket, super()._get_socket(host, port, timeout))  # type: ignore[misc]
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


class _Plain(_Prompt, smtplib.SMTP):
    """SMTP that may be upgraded by STARTTLS."""


class _Encrypted(_Prompt, smtplib.SMTP_SSL):
    """SMTP with TLS from the first byte."""


@dataclass
class SMTP:
    """A mail server. The connection is kept from message to message."""

    connection: smtplib.SMTP | None = field(default=None, init=False)

    def deliver(self, envelope: Envelope, *, before_dot: BeforeDot, if_slow: IfSlow) -> str:
        if self.connection is None:
            if_slow()
            self.connection = _connected()
        connection = self.connection
        try:
            self._announce(connection, envelope, if_slow)
            connection.send(_dot_stuffed(envelope.mime))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise TryLater(str(error)) from error
        if not before_dot():
            self.close()
            raise Fenced("Another sender has taken this mail over.")
        return self._finish(connection)

    def _announce(self, connection: smtplib.SMTP, envelope: Envelope, if_slow: IfSlow) -> None:
        """MAIL, RCPT and DATA, up to the server's go-ahead; together where the server takes that (RFC 2920)."""
        commands = {
            "MAIL": f"MAIL FROM:<{envelope.sender}>",
            "RCPT": f"RCPT TO:<{envelope.recipient}>",
            "DATA": "DATA",
        }
        together = connection.has_extn("pipelining")
        for group in [list(commands)] if together else [[verb] for verb in commands]:
            connection.send("".join(f"{commands[verb]}\r\n" for verb in group))
            answers = {verb: _answer(connection, if_slow) for verb in group}
            for verb, (code, reply) in answers.items():
                if code not in EXPECTED[verb]:
                    self._turn_back(connection, verb, waits_for_mail=answers.get("DATA", (0,))[0] == 354)
                    raise Unavailable(_words(code, reply)) if verb == "MAIL" else _refusal(code, reply)

    def _turn_back(self, connection: smtplib.SMTP, verb: str, *, waits_for_mail: bool) -> None:
        """Makes ready for the next mail, or hangs up where that is simpler."""
        if verb == "MAIL" or waits_for_mail:
            self.close()
        else:
            connection.rset()

    def _finish(self, connection: smtplib.SMTP) -> str:
        """The final dot and the answer to it."""
        try:
            _patience(connection, DOT_SECONDS)
            connection.send(b".\r\n")
            code, reply = connection.getreply()
            _patience(connection, STEP_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise NoAnswer(str(error)) from error
        if code == 250:
            return _words(code, reply)
        if code == 421:
            self.close()
        raise _refusal(code, reply)

    def close(self) -> None:
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.close()


def _connected() -> smtplib.SMTP:
    try:
        return _connect(settings.MAIL)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"{settings.MAIL['host']}: {error}") from error


def _connect(mail: Any) -> smtplib.SMTP:
    me = "localhost"  # a name of our own would take a look-up that can hang where there is no DNS
    if mail["use_ssl"]:
        connection: smtplib.SMTP = _Encrypted(
            mail["host"], mail["port"], me, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = _Plain(mail["host"], mail["port"], me, timeout=CONNECT_SECONDS)
    _patience(connection, STEP_SECONDS)
    if mail["use_tls"]:
        connection.starttls(context=ssl.create_default_context())
    connection.ehlo_or_helo_if_needed()
    if mail["username"]:
        connection.login(mail["username"], mail["password"])
    return connection


def _patience(connection: smtplib.SMTP, seconds: float) -> None:
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    connection.sock.settimeout(seconds)


def _answer(connection: smtplib.SMTP, if_slow: IfSlow) -> tuple[int, bytes]:
    if connection.sock is not None and not _is_there(connection):
        answers = select.poll()
        answers.register(connection.sock, select.POLLIN)
        if not answers.poll(SLOW_AFTER_MS):
            if_slow()
    return connection.getreply()


def _is_there(connection: Any) -> bool:
    """True where an answer has come along with the one before it."""
    connection.sock.setblocking(False)
    try:
        return bool(connection.file.peek(1))
    except ssl.SSLWantReadError:
        return False
    finally:
        connection.sock.settimeout(STEP_SECONDS)


def _refusal(code: int, reply: bytes) -> DeliveryProblem:
    return Refused(_words(code, reply)) if 500 <= code < 600 else TryLater(_words(code, reply))


def _words(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode(errors='replace')}"[:500]


def _dot_stuffed(mime: bytes) -> bytes:
    """The message with leading dots doubled and a final line end (RFC 5321 §4.5.2)."""
    stuffed = mime.replace(b"\r\n.", b"\r\n..")
    stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


@dataclass
class Folder:
    """Mails as files, for development: the same message always becomes the same file."""

    path: Path

    def deliver(self, envelope: Envelope, *, before_dot: BeforeDot, if_slow: IfSlow) -> str:
        name = envelope.message_id.strip("<>").split("@")[0]
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self.path / f".{name}.{os.getpid()}"
            draft.write_bytes(envelope.mime)
        except OSError as error:
            raise Unavailable(str(error)) from error
        if not before_dot():
            draft.unlink()
            raise Fenced("Another sender has taken this mail over.")
        file = draft.rename(self.path / f"{name}.eml")
        subject = message_from_bytes(envelope.mime, policy=policy.SMTP)["Subject"]
        log.info("mail to %s: %r is in %s", envelope.recipient, str(subject), file)
        return f"written to {file.name}"

    def close(self) -> None:
        """Nothing is held."""
