"""The signed-in clients of this process, and what each still has to be told."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from django.conf import settings

from taskbell.accounts.models import Session
from taskbell.realtime.closing import Closed, TooManyConnections, TryLater

MANY = 500  # events
PATIENCE, LOOK_EVERY = 1.0, 0.02  # seconds


@dataclass(frozen=True, slots=True)
class Event:
    """One message, its place in the history, and who may hear it as things stand now; None: everybody.

    `text` is a JSON object, the same for all who hear it; the cursor that goes with it is each listener's own.
    """

    position: int
    text: str
    people: frozenset[int] | None

    def is_for(self, person: int) -> bool:
        """True if this person may hear it."""
        return self.people is None or person in self.people

    def with_cursor(self, cursor: str) -> str:
        """The whole message."""
        return f'{{"cursor":"{cursor}",{self.text[1:]}'


class Subscriber:
    """The inbox of one connection."""

    __slots__ = (
        "_arrived",
        "_waiting",
        "close",
        "is_live",
        "person",
        "position",
        "resync",
        "scope",
        "session_id",
    )

    def __init__(
        self,
        session: Session,
        *,
        scope: str,
        position: int,
        close: Callable[[Closed], None],
        resync: Callable[[], None],
    ) -> None:
        self.person: int = session.user_id
        self.scope = scope
        self.session_id: UUID = session.pk
        self.close, self.resync = close, resync
        self._waiting: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self.go_to(position)

    def go_to(self, position: int) -> None:
        """The client knows everything up to here, and is told what follows once it is live."""
        self.position = position
        self.is_live = False
        self._waiting.clear()

    def offer(self, event: Event) -> None:
        """Puts an event into the inbox, unless the client knew it before."""
        if self.is_live and event.position > self.position:
            self._waiting.append(event)
            self._arrived.set()

    @property
    def is_behind(self) -> bool:
        """True while too much waits."""
        return len(self._waiting) > MANY

    async def next(self) -> Event:
        """The oldest event in the inbox, as soon as there is one."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


class Subscribers:
    """Who is there."""

    def __init__(self) -> None:
        self._of_person: dict[int, set[Subscriber]] = {}

    def enter(self, subscriber: Subscriber) -> None:
        """Raises TooManyConnections where one person takes more than their share."""
        others = self._of_person.setdefault(subscriber.person, set())
        if len(others) >= settings.TASKBELL_LIVE_CONNECTIONS:
            raise TooManyConnections
        others.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """Forgets the listener."""
        others = self._of_person[subscriber.person]
        others.discard(subscriber)
        if not others:
            del self._of_person[subscriber.person]

    def of(self, people: Iterable[int] | None) -> Iterator[Subscriber]:
        """The listeners of these people; None: of everybody."""
        for person in self._of_person if people is None else people:
            yield from self._of_person.get(person, ())

    async def keep_up(self) -> None:
        """Gives those who are behind a moment, because a burst makes everybody slow; then puts them off."""
        deadline = monotonic() + PATIENCE
        while (behind := [one for one in self.of(None) if one.is_behind]) and monotonic() < deadline:
            await asyncio.sleep(LOOK_EVERY)
        for subscriber in behind:
            subscriber.go_to(subscriber.position)
            subscriber.close(TryLater("You read too slowly. Connect again and resume."))

    @property
    def is_empty(self) -> bool:
        """True while nobody is there."""
        return not self._of_person
