"""The signed-in clients of this process, and the frames that wait for each."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from time import monotonic
from uuid import UUID

from django.conf import settings

from taskbell.accounts.models import Session
from taskbell.projects.audience import EVERYBODY, Access, Audience, Key
from taskbell.realtime.closing import Closed, Closing
from taskbell.realtime.frames import Frame

MAX_WAITING_FRAMES = 500
PATIENCE_SECONDS, CHECK_SECONDS = 1.0, 0.02


class Subscriber:
    """The inbox of one connection."""

    def __init__(
        self,
        session: Session,
        *,
        access: Access,
        position: int,
        close: Callable[[Closed], None],
        resync: Callable[[], None],
    ) -> None:
        self.person: int = session.user_id
        self.access = access
        self.session_id: UUID = session.pk
        self.close, self.resync = close, resync
        self._waiting: deque[Frame] = deque()
        self._arrived = asyncio.Event()
        self.go_to(position)

    def go_to(self, position: int) -> None:
        """The client knows everything up to here, and gets what follows once it is live."""
        self.position = position
        self.is_live = False
        self._waiting.clear()

    def offer(self, frame: Frame) -> None:
        """Puts a frame into the inbox, unless the client has had it."""
        if self.is_live and frame.position > self.position:
            self._waiting.append(frame)
            self._arrived.set()

    @property
    def is_behind(self) -> bool:
        """True while too many frames wait."""
        return len(self._waiting) > MAX_WAITING_FRAMES

    async def next(self) -> Frame:
        """The oldest frame in the inbox, as soon as there is one."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


class Subscribers:
    """All subscribers, by the keys that audiences name."""

    def __init__(self) -> None:
        self._by_key: dict[Key, set[Subscriber]] = {}

    def enter(self, subscriber: Subscriber) -> None:
        """Raises Closed where one person takes more than their share."""
        if len(self._under(subscriber.person)) >= settings.TASKBELL_LIVE_CONNECTIONS:
            raise Closed(Closing.TOO_MANY_CONNECTIONS)
        self._file(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        for key in subscriber.access.keys:
            self._by_key[key].discard(subscriber)
            if not self._by_key[key]:
                del self._by_key[key]

    def regroup(self, changed: Mapping[int, Access]) -> None:
        """Lets the clients of these people see what they can see now. Those that saw something else start over."""
        for person, access in changed.items():
            for subscriber in list(self._under(person)):
                if subscriber.access.text != access.text:
                    self.give(subscriber, access)
                    subscriber.resync()

    def give(self, subscriber: Subscriber, access: Access) -> None:
        """Files the subscriber under what it can see now."""
        self.leave(subscriber)
        subscriber.access = access
        self._file(subscriber)

    def known(self) -> dict[int, str]:
        """What each of the people connected here can see; empty if that has changed between their connections."""
        known: dict[int, str] = {}
        for subscriber in self._under(EVERYBODY):
            text = subscriber.access.text
            known[subscriber.person] = text if known.get(subscriber.person, text) == text else ""
        return known

    def in_audience(self, audience: Audience) -> set[Subscriber]:
        """The subscribers who may see what has this audience."""
        found: set[Subscriber] = set().union(*(self._under(key) for key in audience.keys))
        if audience.within is None and not audience.without:
            return found
        return {subscriber for subscriber in found if audience.includes(subscriber.access.keys)}

    def everybody(self) -> list[Subscriber]:
        return list(self._under(EVERYBODY))

    async def keep_up(self) -> None:
        """Gives clients that are behind a moment, because a burst slows down everybody; then closes them."""
        deadline = monotonic() + PATIENCE_SECONDS
        while (behind := [one for one in self._under(EVERYBODY) if one.is_behind]) and monotonic() < deadline:
            await asyncio.sleep(CHECK_SECONDS)
        for subscriber in behind:
            subscriber.go_to(subscriber.position)
            subscriber.close(Closed(Closing.TRY_AGAIN_LATER, "You read too slowly. Connect again and resume."))

    @property
    def number(self) -> int:
        """How many there are; other threads may ask."""
        return len(self._under(EVERYBODY))

    @property
    def is_empty(self) -> bool:
        """True while nobody is connected."""
        return not self._by_key

    def _file(self, subscriber: Subscriber) -> None:
        for key in subscriber.access.keys:
            self._by_key.setdefault(key, set()).add(subscriber)

    def _under(self, key: Key) -> Collection[Subscriber]:
        return self._by_key.get(key, ())
