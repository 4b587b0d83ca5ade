"""Mails side by side to a real mail server that may be difficult with some of them."""

from collections.abc import Iterator
from select import select
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import Any

import pytest

from taskbell.notifications.channels.mail.smtp import SMTP
from taskbell.notifications.channels.mail.transport import (
    Envelope,
    NoAnswer,
    PermanentlyRefused,
    ServerUnavailable,
    TemporarilyRefused,
)
from tests.mail import SmtpSink
from tests.processes import eventually

ONE, TWO, THREE = MAILS = [
    Envelope("taskbell@localhost", f"{name}@example.org", f"<{name}@localhost>", b"Subject: hello\r\n\r\nhello\r\n")
    for name in ("one", "two", "three")
]
IDS = [mail.message_id for mail in MAILS]


@pytest.fixture(params=[False, True], ids=["one by one", "together"])
def sink(sink: SmtpSink, request: pytest.FixtureRequest) -> SmtpSink:
    """With and without PIPELINING."""
    sink.offers_pipelining = request.param
    return sink


@pytest.fixture
def smtp() -> Iterator[SMTP]:
    """With a capacity of three from the start."""
    smtp = SMTP(max_connections=3, capacity=3)
    yield smtp
    smtp.close()


def names(sink: SmtpSink) -> list[str]:
    return sorted(mail.recipient.partition("@")[0] for mail in sink.accepted)


def test_nothing_is_accepted_before_the_final_dot(smtp: SMTP, sink: SmtpSink) -> None:
    assert smtp.prepare(MAILS) == {}
    assert sink.accepted == []
    assert list(smtp.commit(IDS)) == [dict.fromkeys(IDS, "250 accepted")]
    assert names(sink) == ["one", "three", "two"]


def test_a_mail_that_is_not_to_be_finished_never_arrives(smtp: SMTP, sink: SmtpSink) -> None:
    smtp.prepare(MAILS)
    assert [set(answers) for answers in smtp.commit(IDS[:2])] == [set(IDS[:2])]
    assert smtp.prepare([THREE]) == {}
    smtp.close()
    assert names(sink) == ["one", "two"]


def test_the_answers_that_have_come_do_not_wait_for_a_slow_one(smtp: SMTP, sink: SmtpSink) -> None:
    sink.thoughts = [0, 0.5, 0]
    smtp.prepare(MAILS)
    assert [len(answers) for answers in smtp.commit(IDS)] == [2, 1]


@pytest.mark.parametrize(
    ("answer", "problem"), [("450 not now", TemporarilyRefused), ("550 nobody", PermanentlyRefused)]
)
def test_a_refused_recipient_spoils_neither_its_neighbours_nor_the_next_mail(
    smtp: SMTP, sink: SmtpSink, answer: str, problem: Any
) -> None:
    sink.on_rcpt = ["", answer]
    problems = smtp.prepare([ONE, TWO])
    assert {message_id: (type(each), str(each)) for message_id, each in problems.items()} == {IDS[1]: (problem, answer)}
    list(smtp.commit(IDS[:1]))
    smtp.prepare([TWO, THREE])
    list(smtp.commit(IDS[1:]))
    assert "three" in names(sink)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [("550 nobody", PermanentlyRefused), ("450 not now", TemporarilyRefused), ("421 good night", ServerUnavailable)],
)
def test_who_hangs_up_after_a_refusal_has_said_why(smtp: SMTP, sink: SmtpSink, answer: str, problem: Any) -> None:
    sink.on_rcpt = ["", f"bye {answer}"]
    problems = smtp.prepare([ONE, TWO])
    assert {message_id: (type(each), str(each)) for message_id, each in problems.items()} == {IDS[1]: (problem, answer)}
    list(smtp.commit(IDS[:1]))
    assert smtp.prepare([THREE]) == {}


def test_a_connection_that_was_closed_meanwhile_costs_no_mail_a_thing(smtp: SMTP, sink: SmtpSink) -> None:
    sink.on_data = ["bye 250 accepted"]
    smtp.prepare([ONE])
    list(smtp.commit(IDS[:1]))
    (kept,) = smtp._idle
    eventually(lambda: select([kept.sock], [], [], 0)[0], within=5)
    assert smtp.prepare([TWO]) == {}
    assert list(smtp.commit(IDS[1:2])) == [{IDS[1]: "250 accepted"}]


def test_a_server_that_takes_only_so_many_mails_over_one_connection_gets_another(smtp: SMTP, sink: SmtpSink) -> None:
    smtp.prepare([ONE])
    list(smtp.commit(IDS[:1]))
    sink.on_rcpt = ["421 enough for today"]
    assert smtp.prepare([TWO]) == {}
    list(smtp.commit(IDS[1:2]))
    assert names(sink) == ["one", "two"]
    smtp.close()
    sink.on_rcpt = ["421 enough for today"]
    with pytest.raises(ServerUnavailable):
        smtp.prepare([THREE])


@pytest.mark.parametrize("answer", ["250 accepted", "251 forwarded", "299 why not"])
def test_every_positive_answer_is_an_acceptance(smtp: SMTP, sink: SmtpSink, answer: str) -> None:
    sink.on_data = [answer]
    smtp.prepare([ONE])
    assert list(smtp.commit(IDS[:1])) == [{IDS[0]: answer}]


@pytest.mark.parametrize("answer", ["bye 25", "bye what", "354 go on"])
def test_what_is_no_answer_leaves_the_mail_in_doubt(smtp: SMTP, sink: SmtpSink, answer: str) -> None:
    sink.on_data = [answer]
    smtp.prepare([ONE])
    ((answers,),) = [[*smtp.commit(IDS[:1])]]
    assert isinstance(answers[IDS[0]], NoAnswer)


def test_small_packets_go_out_at_once(smtp: SMTP, sink: SmtpSink) -> None:
    smtp.prepare(MAILS)
    sockets = [connection.sock for connection in smtp._prepared.values() if connection.sock]
    assert [each.getsockopt(IPPROTO_TCP, TCP_NODELAY) for each in sockets] == [1, 1, 1]
    list(smtp.commit(IDS))


def test_each_step_has_its_own_patience(smtp: SMTP, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskbell.notifications.channels.mail.smtp.STEP_SECONDS", 0.3)
    sink.thoughts = [1]  # longer than a step may take; the answer to the dot has more time
    assert smtp.prepare([ONE]) == {}
    assert list(smtp.commit(IDS[:1])) == [{IDS[0]: "250 accepted"}]
    sink.seconds_to_greet = 1
    problems = smtp.prepare([TWO])
    assert isinstance(problems[IDS[1]], TemporarilyRefused)


def test_the_answer_to_the_dot_is_not_waited_for_for_ever(
    smtp: SMTP, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskbell.notifications.channels.mail.smtp.DOT_SECONDS", 0.3)
    sink.thoughts = [1]
    smtp.prepare([ONE])
    ((answers,),) = [[*smtp.commit(IDS[:1])]]
    assert isinstance(answers[IDS[0]], NoAnswer)


def test_we_introduce_ourselves_by_the_domain_that_the_mails_come_from(
    smtp: SMTP, sink: SmtpSink, settings: Any
) -> None:
    settings.MAIL = settings.MAIL | {"sender": "Taskbell <tasks@mail.example.org>"}
    smtp.prepare([ONE])
    list(smtp.commit(IDS[:1]))
    assert [mail.host for mail in sink.accepted] == ["mail.example.org"]


def test_who_hears_no_answer_says_so_and_the_others_hear_theirs(smtp: SMTP, sink: SmtpSink) -> None:
    sink.on_data = ["250 accepted", "drop after", "250 accepted"]
    smtp.prepare(MAILS)
    heard = {message_id: answer for answers in smtp.commit(IDS) for message_id, answer in answers.items()}
    assert sorted(isinstance(answer, NoAnswer) for answer in heard.values()) == [False, False, True]
    assert len(sink.accepted) == 3


def test_a_mail_that_the_server_does_not_take_in_the_end_is_told_apart(smtp: SMTP, sink: SmtpSink) -> None:
    sink.on_data = ["452 disk full", "554 not here"]
    smtp.prepare([ONE, TWO])
    heard = [type(answer) for answers in smtp.commit(IDS) for answer in answers.values()]
    assert sorted(heard, key=str) == [PermanentlyRefused, TemporarilyRefused]


def test_where_the_server_takes_fewer_connections_the_others_wait_for_their_turn(smtp: SMTP, sink: SmtpSink) -> None:
    sink.most_connections = 2
    assert [type(problem) for problem in smtp.prepare(MAILS).values()] == [ServerUnavailable]
    list(smtp.commit(IDS))
    assert smtp.capacity == 2
    assert smtp.prepare([THREE]) == {}
    list(smtp.commit(IDS))
    assert names(sink) == ["one", "three", "two"]


def test_a_server_that_takes_none_is_not_to_be_worked_with(smtp: SMTP, sink: SmtpSink) -> None:
    sink.most_connections = 0
    with pytest.raises(ServerUnavailable, match="421"):
        smtp.prepare(MAILS)
