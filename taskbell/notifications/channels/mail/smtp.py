"""Mail by SMTP (RFC 5321): over a few connections side by side, each of them kept from mail to mail."""

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
    Refused,
    TryLater,
    Unavailable,
)

CONNECT_SECONDS = 10
STEP_SECONDS = 30
DOT_SECONDS = 600  # RFC 5321 §4.5.3.2.6
# An answer to a final dot waits so long for those of the others, to be written down with them.
APART_MS = 50
STEPS = ("MAIL", "RCPT", "DATA")
SHUTS_DOWN = 421
# What the server must say to each command.
EXPECTED = {"MAIL": (250,), "RCPT": (250, 251), "DATA": (354,)}
BROKEN = (OSError, smtplib.SMTPException, UnicodeError)

Act = Callable[[smtplib.SMTP, Envelope], object]


@dataclass
class SMTP:
    """A mail server. A few mails take one connection; with every round there may be twice as many, up to `most`.

    After a mail that it said nothing to, there is one again: what it does to one, it must not do to many.
    """

    most: int
    room: int = 1
    _idle: list[smtplib.SMTP] = field(default_factory=list, init=False)
    _brought: dict[str, smtplib.SMTP] = field(default_factory=dict, init=False)

    def bring(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        are_kept = bool(self._idle)
        try:
            return self._bring(envelopes)
        except Unavailable:
            if not are_kept:
                raise
            self.close()  # many a server takes only so many mails over one connection
            return self._bring(envelopes)

    def _bring(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        self._connect(len(envelopes))
        connections = [self._idle.pop() for _ in envelopes[: len(self._idle)]]
        self._brought = {one.message_id: connection for one, connection in zip(envelopes, connections, strict=False)}
        no_room = Unavailable("The mail server takes no more connections.")
        problems: dict[str, DeliveryProblem] = {one.message_id: no_room for one in envelopes[len(connections) :]}
        together = all(connection.has_extn("pipelining") for connection in connections)  # RFC 2920
        for names in [STEPS] if together else [(name,) for name in STEPS]:
            problems |= self._each(envelopes, lambda connection, one: connection.send(_commands(names, one)))  # noqa: B023
            deadline = monotonic() + STEP_SECONDS
            problems |= self._each(envelopes, lambda connection, _: _go_ahead(connection, names, deadline))  # noqa: B023
        problems |= self._each(envelopes, lambda connection, one: connection.send(_dot_stuffed(one.mime)))
        unavailable = [problem for problem in problems.values() if isinstance(problem, Unavailable)]
        if len(unavailable) == len(envelopes):
            raise unavailable[0]
        return problems

    def _connect(self, count: int) -> None:
        """Sees to it that there are so many connections, or as many as the server takes."""
        for connection in filter(_has_spoken, self._idle):
            connection.close()
        self._idle = [connection for connection in self._idle if connection.sock is not None]
        while len(self._idle) < count:
            try:
                self._idle.append(_connected())
            except Unavailable:
                if not self._idle:
                    raise
                self.most = len(self._idle)
                break
        self.room = min(max(self.room, 2 * count), self.most)

    def _each(self, envelopes: Sequence[Envelope], act: Act) -> dict[str, DeliveryProblem]:
        """Does it for each mail that nothing has gone wrong with so far; says where it does now."""
        problems: dict[str, DeliveryProblem] = {}
        for envelope in envelopes:
            connection = self._brought.get(envelope.message_id)
            if connection is None:
                continue
            try:
                act(connection, envelope)
            except BROKEN as error:
                connection.close()
                problems[envelope.message_id] = TryLater(str(error))
            except DeliveryProblem as problem:
                problems[envelope.message_id] = problem
        for message_id in problems:
            self._let_go(message_id)
        return problems

    def _let_go(self, message_id: str) -> None:
        """The mail is through; its connection, if it still is one, may carry another."""
        connection = self._brought.pop(message_id)
        if connection.sock is not None:
            self._idle.append(connection)

    def finish(self, message_ids: Collection[str]) -> Iterator[Mapping[str, Answer]]:
        answers, asked, answering = dict[str, Answer](), dict[int, str](), select.poll()
        for message_id, connection in list(self._brought.items()):
            if message_id not in message_ids:
                self._brought.pop(message_id).close()
                continue
            try:
                connection.send(b".\r\n")
            except BROKEN as error:
                answers[message_id] = self._unheard(message_id, str(error))
            else:
                asked[cast(Any, connection.sock).fileno()] = message_id
                answering.register(cast(Any, connection.sock), select.POLLIN)
        deadline = monotonic() + DOT_SECONDS
        while asked:
            ready = answering.poll(APART_MS if answers else max(0.0, deadline - monotonic()) * 1000)
            for number, _ in ready:
                answering.unregister(number)
                message_id = asked.pop(number)
                answers[message_id] = self._heard(message_id)
            if not ready and not answers:
                answers = {late: self._unheard(late, "No answer within ten minutes.") for late in asked.values()}
                asked.clear()
            elif not ready:
                yield answers
                answers = {}
        if answers:
            yield answers

    def _heard(self, message_id: str) -> Answer:
        """What the server says to the final dot."""
        connection = self._brought[message_id]
        try:
            code, reply = connection.getreply()
        except BROKEN as error:
            return self._unheard(message_id, str(error))
        if code // 100 not in (2, 4, 5):
            return self._unheard(message_id, f"This is no answer: {_words(code, reply)}")
        if code == SHUTS_DOWN:
            connection.close()
        self._let_go(message_id)
        return _words(code, reply) if code < 300 else _refusal(code, reply)

    def _unheard(self, message_id: str, problem: str) -> NoAnswer:
        self.room = 1
        self._brought.pop(message_id).close()
        return NoAnswer(problem)

    def close(self) -> None:
        for connection in (*self._idle, *self._brought.values()):
            connection.close()
        self._idle, self._brought = [], {}


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


def _connected() -> smtplib.SMTP:
    mail = settings.MAIL
    try:
        connection = _greeted(mail)
        try:
            _introduce(connection, mail)
        except BROKEN:
            connection.close()
            raise
    except BROKEN as error:
        raise Unavailable(f"{mail['host']}: {error}") from error
    return connection


def _greeted(mail: Any) -> smtplib.SMTP:
    # A look-up of our own name can hang where there is no DNS; and some servers turn a localhost away.
    where = (mail["host"], mail["port"], sender_address().rpartition("@")[2])
    if mail["use_ssl"]:
        return _Encrypted(*where, timeout=CONNECT_SECONDS, context=ssl.create_default_context())
    return _Plain(*where, timeout=CONNECT_SECONDS)


def _introduce(connection: smtplib.SMTP, mail: Any) -> None:
    _patience(connection, STEP_SECONDS)
    if mail["use_tls"]:
        connection.starttls(context=ssl.create_default_context())
    connection.ehlo_or_helo_if_needed()
    if mail["username"]:
        connection.login(mail["username"], mail["password"])


def _patience(connection: smtplib.SMTP, seconds: float) -> None:
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    connection.sock.settimeout(seconds)


def _has_spoken(connection: smtplib.SMTP) -> bool:
    """Whether the server has said something unasked, which is how it hangs up."""
    listening = select.poll()
    listening.register(cast(Any, connection.sock), select.POLLIN)
    return bool(listening.poll(0))


def _commands(names: Sequence[str], envelope: Envelope) -> str:
    commands = {
        "MAIL": f"MAIL FROM:<{envelope.sender}>",
        "RCPT": f"RCPT TO:<{envelope.recipient}>",
        "DATA": "DATA",
    }
    return "".join(f"{commands[name]}\r\n" for name in names)


def _go_ahead(connection: smtplib.SMTP, names: Sequence[str], deadline: float) -> None:
    """Hears the answers to these commands. Raises DeliveryProblem; the connection is ready for another mail or closed.

    All mails of a round have one deadline, so that a silent server does not hold them up one after the other.
    """
    _patience(connection, max(deadline - monotonic(), 0.01))
    answers = _answers(connection, names)
    for name, (code, reply) in answers.items():
        if code in EXPECTED[name]:
            continue
        is_of_the_server = name == "MAIL" or code == SHUTS_DOWN
        with suppress(*BROKEN):  # it may have hung up after its refusal
            _patience(connection, STEP_SECONDS)
            if is_of_the_server or answers.get("DATA", (0,))[0] in EXPECTED["DATA"]:
                connection.close()
            else:
                connection.rset()
        raise Unavailable(_words(code, reply)) if is_of_the_server else _refusal(code, reply)
    _patience(connection, STEP_SECONDS)


def _answers(connection: smtplib.SMTP, names: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """What the server says to the commands; up to where it refuses one and hangs up."""
    answers: dict[str, tuple[int, bytes]] = {}
    for name in names:
        try:
            answers[name] = connection.getreply()
        except BROKEN:
            if all(code in EXPECTED[asked] for asked, (code, _) in answers.items()):
                raise
            break
    return answers


def _refusal(code: int, reply: bytes) -> DeliveryProblem:
    return Refused(_words(code, reply)) if 500 <= code < 600 else TryLater(_words(code, reply))


def _words(code: int, reply: bytes) -> str:
    text = reply.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return f"{code} {text}"[:500]


def _dot_stuffed(mime: bytes) -> bytes:
    """The message with leading dots doubled and a final line end (RFC 5321 §4.5.2)."""
    stuffed = mime.replace(b"\r\n.", b"\r\n..")
    stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
