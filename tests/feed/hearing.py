"""What people hear of the history, as the live connections of production decide it."""

from types import SimpleNamespace
from typing import Any

import orjson

from taskbell.accounts.models import User
from taskbell.projects.audience import Access, access_of, keys_of
from taskbell.realtime.follower import frames_after
from taskbell.realtime.subscribers import Subscriber, Subscribers

Payload = dict[str, Any]


def heard_by(person: User, since: int) -> list[Payload]:
    """The events after this position that a connection of this person gets while it is open.

    One that was away and catches up gets the same.
    """
    session: Any = SimpleNamespace(pk=None, user_id=person.pk)
    access = Access(access_of(person), keys_of(person))
    subscriber = Subscriber(session, access=access, position=since, close=lambda _: None, resync=lambda: None)
    subscribers = Subscribers()
    subscribers.enter(subscriber)
    page = frames_after(since, {person.pk: access.text})
    open_ = [frame.text for frame in page.frames if subscriber in subscribers.in_audience(frame.audience)]
    away = [frame.text for frame in page.frames if frame.audience.includes(access.keys)]
    assert open_ == away
    return [orjson.loads(text) for text in open_]
