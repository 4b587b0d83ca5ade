"""Email by SMTP (RFC 5321): over a few connections side by side, each kept from email to email."""

import select
import smtplib
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, cast

from django.conf import settings

from taskbell.notifications.channels.mail.rendering import sender_address
from taskbell.notifications.channels.mail.transport import (
    Answer,
    DeliveryProblem,
    Envelope,
    NoAnswer,
    PermanentlyRefused,
    ServerUnavailable,
    TemporarilyRefused,
)

CONNECT_SECONDS = 10
STEP_SECONDS = 30
DOT_SECONDS = 600  # RFC 5321 §4.5.3.2.6
# An answer to a final dot waits this long for those of the others, to be written together with them.
GATHER_ANSWERS_MS = 50
STEPS = ("MAIL", "RCPT", "DATA")
SHUTS_DOWN = 421
# What the server must say to each command.
EXPECTED = {"MAIL": (250,), "RCPT": (250, 251), "DATA": (354,)}
CONNECTION_BROKEN = (OSError, smtplib.SMTPException, UnicodeError)

Act = Callable[[smtplib.SMTP, Envelope], object]


@dataclass
class SMTP:
    """A mail server. It starts with one connection, and may double them with every round, up to `max_connections`.

    After an email that it did not answer, there is one again: it must not put many in doubt.
    """

    max_connections: int
    capacity: int = 1
    _idle: list[smtplib.SMTP] = field(default_factory=list, init=False)
    _prepared: dict[str, smtplib.SMTP] = field(default_factory=dict, init=False)

    def prepare(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        are_kept = bool(self._idle)
        try:
            return self._prepare(envelopes)
        except ServerUnavailable:
            if not are_kept:
                raise
            self.close()  # many servers limit the emails per connection
            return self._prepare(envelopes)

    def _prepare(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        self._connect(len(envelopes))
        connections = [self._idle.pop() for _ in envelopes[: len(self._idle)]]
        self._prepared = {one.message_id: connection for one, connection in zip(envelopes, connections, strict=False)}
        no_connection = ServerUnavailable("The mail server allows no more connections.")
        problems: dict[str, DeliveryProblem] = {one.message_id: no_connection for one in envelopes[len(connections) :]}
        together = all(connection.has_extn("pipelining") for connection in connections)  # RFC 2920
        for names in [STEPS] if together else [(name,) for name in STEPS]:
            problems |= self._each(envelopes, lambda connection, one: connection.send(_commands(names, one)))  # noqa: B023
            deadline = monotonic() + STEP_SECONDS
            problems |= self._each(envelopes, lambda connection, _: _check_answers(connection, names, deadline))  # noqa: B023
        problems |= self._each(envelopes, lambda connection, one: connection.send(_dot_stuffed(one.mime)))
        unavailable = [problem for problem in problems.values() if isinstance(problem, ServerUnavailable)]
        if len(unavailable) == len(envelopes):
            raise unavailable[0]
        return problems

    def _connect(self, count: int) -> None:
        """Opens connections until there are `count`, or as many as the server allows."""
        for connection in filter(_has_hung_up, self._idle):
            connection.close()
        self._idle = [connection for connection in self._idle if connection.sock is not None]
        while len(self._idle) < count:
            try:
                self._idle.append(_connect())
            except ServerUnavailable:
                if not self._idle:
                    raise
                self.max_connections = len(self._idle)
                break
        self.capacity = min(max(self.capacity, 2 * count), self.max_connections)

    def _each(self, envelopes: Sequence[Envelope], act: Act) -> dict[str, DeliveryProblem]:
        """Does it for each email that has had no problem so far; returns the new problems."""
        problems: dict[str, DeliveryProblem] = {}
        for envelope in envelopes:
            connection = self._prepared.get(envelope.message_id)
            if connection is None:
                continue
            try:
                act(connection, envelope)
            except CONNECTION_BROKEN as error:
                connection.close()
                problems[envelope.message_id] = TemporarilyRefused(_said(error))
            except DeliveryProblem as problem:
                problems[envelope.message_id] = problem
        for message_id in problems:
            self._release(message_id)
        return problems

    def _release(self, message_id: str) -> None:
        """The email is done with; its connection, if it is still open, may carry another."""
        connection = self._prepared.pop(message_id)
        if connection.sock is not None:
            self._idle.append(connection)

    def commit(self, message_ids: Collection[str]) -> Iterator[Mapping[str, Answer]]:
        answers, asked, answering = dict[str, Answer](), dict[int, str](), select.poll()
        for message_id, connection in list(self._prepared.items()):
            if message_id not in message_ids:
                self._prepared.pop(message_id).close()
                continue
            try:
                connection.send(b".\r\n")
            except CONNECTION_BROKEN as error:
                answers[message_id] = self._unanswered(message_id, _said(error))
            else:
                asked[cast(Any, connection.sock).fileno()] = message_id
                answering.register(cast(Any, connection.sock), select.POLLIN)
        deadline = monotonic() + DOT_SECONDS
        while asked:
            ready = answering.poll(GATHER_ANSWERS_MS if answers else max(0.0, deadline - monotonic()) * 1000)
            for number, _ in ready:
                answering.unregister(number)
                message_id = asked.pop(number)
                answers[message_id] = self._answer_to(message_id)
            if not ready and not answers:
                answers = {late: self._unanswered(late, "No answer within ten minutes.") for late in asked.values()}
                asked.clear()
            elif not ready:
                yield answers
                answers = {}
        if answers:
            yield answers

    def _answer_to(self, message_id: str) -> Answer:
        """The server's answer to the final dot."""
        connection = self._prepared[message_id]
        try:
            code, reply = connection.getreply()
        except CONNECTION_BROKEN as error:
            return self._unanswered(message_id, _said(error))
        if code // 100 not in (2, 4, 5):
            return self._unanswered(message_id, f"Not an answer: {_text(code, reply)}")
        if code == SHUTS_DOWN:
            connection.close()
        self._release(message_id)
        return _text(code, reply) if code < 300 else _refusal(code, reply)

    def _unanswered(self, message_id: str, problem: str) -> NoAnswer:
        self.capacity = 1
        self._prepared.pop(message_id).close()
        return NoAnswer(problem)

    def close(self) -> None:
        for connection in (*self._idle, *self._prepared.values()):
            connection.close()
        self._idle, self._prepared = [], {}


def _connect() -> smtplib.SMTP:
    mail = settings.MAIL
    try:
        connection = _greeted(mail)
        try:
            _introduce(connection, mail)
        except CONNECTION_BROKEN:
            connection.close()
            raise
    except CONNECTION_BROKEN as error:
        raise ServerUnavailable(f"{mail['host']}: {_said(error)}") from error
    return connection


def _greeted(mail: Any) -> smtplib.SMTP:
    # Looking up our own name can hang without DNS, and some servers refuse a localhost.
    where = (mail["host"], mail["port"], sender_address().rpartition("@")[2])
    if mail["use_ssl"]:
        return smtplib.SMTP_SSL(*where, timeout=CONNECT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(*where, timeout=CONNECT_SECONDS)


def _introduce(connection: smtplib.SMTP, mail: Any) -> None:
    # Sends small packets at once: Nagle's algorithm would delay the final dot by 40 ms an email.
    cast(socket.socket, connection.sock).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _set_timeout(connection, STEP_SECONDS)
    if mail["use_tls"]:
        connection.starttls(context=ssl.create_default_context())
    connection.ehlo_or_helo_if_needed()
    if mail["username"]:
        connection.login(mail["username"], mail["password"])


def _set_timeout(connection: smtplib.SMTP, seconds: float) -> None:
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    connection.sock.settimeout(seconds)


def _has_hung_up(connection: smtplib.SMTP) -> bool:
    """Whether the server has sent something unasked, which is how it hangs up."""
    listening = select.poll()
    listening.register(cast(Any, connection.sock), select.POLLIN)
    return bool(listening.poll(0))


def _commands(names: Sequence[str], envelope: Envelope) -> str:
    commands = {"MAIL": f"MAIL FROM:<{envelope.sender}>", "RCPT": f"RCPT TO:<{envelope.recipient}>", "DATA": "DATA"}
    return "".join(f"{commands[name]}\r\n" for name in names)


def _check_answers(connection: smtplib.SMTP, names: Sequence[str], deadline: float) -> None:
    """Reads the answers to these commands. Raises DeliveryProblem; then the connection is reset or closed.

    All emails of a round have one deadline, so that a silent server doesn't delay them one after the other.
    """
    _set_timeout(connection, max(deadline - monotonic(), 0.01))
    answers = _answers(connection, names)
    for name, (code, reply) in answers.items():
        if code in EXPECTED[name]:
            continue
        is_about_server = name == "MAIL" or code == SHUTS_DOWN
        with suppress(*CONNECTION_BROKEN):  # it may have hung up after its refusal
            _set_timeout(connection, STEP_SECONDS)
            if is_about_server or answers.get("DATA", (0,))[0] in EXPECTED["DATA"]:
                connection.close()
            else:
                connection.rset()
        raise ServerUnavailable(_text(code, reply)) if is_about_server else _refusal(code, reply)
    _set_timeout(connection, STEP_SECONDS)


def _answers(connection: smtplib.SMTP, names: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """The server's answers to the commands, up to where it refuses one and hangs up."""
    answers: dict[str, tuple[int, bytes]] = {}
    for name in names:
        try:
            answers[name] = connection.getreply()
        except CONNECTION_BROKEN:
            if all(code in EXPECTED[asked] for asked, (code, _) in answers.items()):
                raise
            break
    return answers


def _refusal(code: int, reply: bytes) -> DeliveryProblem:
    return PermanentlyRefused(_text(code, reply)) if 500 <= code < 600 else TemporarilyRefused(_text(code, reply))


def _said(error: Exception) -> str:
    """The reply that the error is about, or what the system says."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _text(error.smtp_code, error.smtp_error)
    return type(error).__name__ if isinstance(error, UnicodeError) else str(error)


def _text(code: int, reply: bytes | str) -> str:
    text = (reply if isinstance(reply, str) else reply.decode(errors="replace")).replace(
        "\0", "\N{REPLACEMENT CHARACTER}"
    )
    return f"{code} {text}"[:500]


def _dot_stuffed(mime: bytes) -> bytes:
    """The message with leading dots doubled and a final line end (RFC 5321 §4.5.2)."""
    stuffed = mime.replace(b"\r\n.", b"\r\n..")
    stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
