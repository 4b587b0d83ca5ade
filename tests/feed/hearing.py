"""What people hear of the history, as the live connections of production decide it."""

from types import SimpleNamespace
from typing import Any

import orjson

from taskbell.accounts.models import User
from taskbell.realtime.follower import frames_after
from taskbell.realtime.subscribers import Subscriber, Subscribers
from taskbell.tasks.audience import viewer_keys

Payload = dict[str, Any]


def heard_by(person: User, since: int) -> list[Payload]:
    """The events after this position that a connection of this person gets while it is open.

    One that was away and catches up gets the same.
    """
    session: Any = SimpleNamespace(pk=None, user_id=person.pk)
    subscriber = Subscriber(session, access="", position=since, close=lambda _: None, resync=lambda: None)
    subscribers = Subscribers()
    subscribers.enter(subscriber)
    page = frames_after(since)
    subscribers.regroup(page.overseers)
    keys = viewer_keys(person.pk, sees_everything=person.pk in page.overseers)
    open_ = [frame.text for frame in page.frames if subscriber in subscribers.in_audience(frame.audience)]
    away = [frame.text for frame in page.frames if frame.audience.includes(keys)]
    assert open_ == away
    return [orjson.loads(text) for text in open_]
