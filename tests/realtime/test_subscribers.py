"""What the clients of one process can see, when that changes."""

from functools import partial
from types import SimpleNamespace
from typing import Any

from taskbell.projects.audience import EVERYBODY, Access, Audience
from taskbell.realtime.subscribers import Subscriber, Subscribers

BO, PROJECT = 1, "p5"
BEFORE, NOW = Access("1o", frozenset({BO, EVERYBODY, PROJECT})), Access("1o1", frozenset({BO, EVERYBODY}))


def test_a_client_starts_over_even_if_its_person_has_another_one_that_connected_after_the_change() -> None:
    subscribers, started_over = Subscribers(), list[str]()
    session: Any = SimpleNamespace(pk=None, user_id=BO)
    for name, access in (("early", BEFORE), ("late", NOW)):
        resync = partial(started_over.append, name)
        subscribers.enter(Subscriber(session, access=access, position=0, close=lambda _: None, resync=resync))
    assert subscribers.known() == {BO: ""}
    subscribers.regroup({BO: NOW})
    assert started_over == ["early"]
    assert subscribers.known() == {BO: NOW.text}
    assert not subscribers.in_audience(Audience(frozenset({PROJECT})))
