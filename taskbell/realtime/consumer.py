"""One live connection: sign in, say from where, listen."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError

from taskbell.realtime.closing import Closed, Failed, NotText, SignedOut, TooMuchTalk, TryLater
from taskbell.realtime.handshake import Credential, Handshake, Token
from taskbell.realtime.hub import Hub
from taskbell.realtime.subscribers import Event, Subscriber

TOKEN_WITHIN = 5.0  # seconds for the first frame, where nothing else says who is there
RESUME_WITHIN = 1.0  # seconds for which events are held back, so that what was missed comes first
MOST_FRAMES, A_WHILE = 60, 60.0

NOT_UNDERSTOOD = 'This is not understood. Send {"resume": "<cursor>"}, or nothing.'
ANONYMOUS = 'Nobody is signed in. Send {"token": "<access token>"} as your first frame.'

logger = logging.getLogger("taskbell.live")

Work = Callable[[], Awaitable[None]]


class TaskEvents(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Tells a signed-in person of every change that they may see, in the order of commits."""

    channel_layer_alias = ""  # the follower speaks to it directly; a channel for each connection is not needed

    def __init__(self, live: Hub) -> None:
        super().__init__()
        self.live = live
        self.subscriber: Subscriber | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_ending = False
        self._frames, self._since = 0, monotonic()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # however it ends
            self._leave()

    async def connect(self) -> None:
        handshake = Handshake(self.scope)
        await self.accept(handshake.subprotocol)
        async with self._closing():
            credential = handshake.credential()
            if credential:
                await self._sign_in(credential)
            else:
                self._go_on_with(self._expect_token)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        async with self._closing():
            if text_data is None:
                raise NotText
            self._count_frame()
            frame = _parsed(text_data)
            if self.subscriber is None:
                await self._sign_in(_token_in(frame))
                del frame["token"]
                if not frame:
                    return
            await self._heed(frame)

    async def _heed(self, frame: Any) -> None:
        match frame:
            case {"resume": str(cursor)} if len(frame) == 1:
                self._go_on_with(partial(self._resume, cursor))
            case _:
                await self._say({"error": NOT_UNDERSTOOD})

    async def _expect_token(self) -> None:
        await asyncio.sleep(TOKEN_WITHIN)
        raise SignedOut(ANONYMOUS)

    async def _sign_in(self, credential: Credential) -> None:
        self._stop()
        session = await self.live.session_behind(credential)
        scope = await self.live.scope(session.user_id)
        await self.live.start()
        position = self.live.follower.position
        subscriber = Subscriber(session, scope=scope, position=position, close=self._close, resync=self._resync_client)
        self.live.room.enter(subscriber)
        self.subscriber = subscriber
        await self._say({"event": "connected", "cursor": self._cursor(subscriber.position)})
        self._go_on_with(partial(self._listen, hold=RESUME_WITHIN))

    async def _listen(self, *, hold: float = 0) -> None:
        subscriber = self._known
        await asyncio.sleep(hold)
        await self.live.follower.catch_up(subscriber, self._tell)
        while True:
            await self._tell(await subscriber.next())

    async def _resume(self, cursor: str) -> None:
        subscriber = self._known
        subscriber.scope = await self.live.scope(subscriber.person)
        position = await self.live.position(cursor, subscriber.scope)
        if position is None:
            position = self.live.follower.position
            await self._say({"resync": True, "cursor": self._cursor(position)})
        subscriber.go_to(position)
        await self._listen()

    @property
    def _known(self) -> Subscriber:
        assert self.subscriber  # noqa: S101 - who has not signed in does not come so far
        return self.subscriber

    def _cursor(self, position: int) -> str:
        return self.live.cursor(position, self._known.scope)

    async def _tell(self, event: Event) -> None:
        await self.send(event.with_cursor(self._cursor(event.position)))

    async def _say(self, message: dict[str, Any]) -> None:
        await self.send(orjson.dumps(message).decode())

    def _count_frame(self) -> None:
        now = monotonic()
        if now - self._since > A_WHILE:
            self._frames, self._since = 0, now
        self._frames += 1
        if self._frames > MOST_FRAMES:
            raise TooMuchTalk

    def _close(self, why: Closed) -> None:
        """Closes the connection from outside; whoever asks for it does not wait for the client."""
        self._go_on_with(partial(self._end, why))

    def _resync_client(self) -> None:
        """Tells the client that nothing it has heard counts any more: no cursor of before does."""
        self._go_on_with(partial(self._resume, ""))

    def _go_on_with(self, work: Work) -> None:
        """Does this from now on, instead of whatever is being done."""
        self._stop()
        self._task = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Work) -> None:
        with suppress(OSError):  # the client has left, which the server tells us by another way
            async with self._closing():
                await work()

    @asynccontextmanager
    async def _closing(self) -> AsyncIterator[None]:
        """Turns refusals into the end of the connection."""
        try:
            yield
        except Closed as why:
            await self._end(why)
        except (OperationalError, InterfaceError):
            await self._end(TryLater())
        except OSError:
            raise
        except Exception:
            logger.exception("A live connection has failed.")
            await self._end(Failed())

    async def _end(self, why: Closed) -> None:
        if not self._is_ending:
            self._is_ending = True
            await self.close(why.code, why.reason)

    def _stop(self) -> None:
        if self._task:
            self._task.cancel()

    def _leave(self) -> None:
        self._stop()
        if self.subscriber:
            self.live.room.leave(self.subscriber)


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return text


def _token_in(frame: Any) -> Token:
    match frame:
        case {"token": str(access)}:
            return Token(access)
        case _:
            raise SignedOut(ANONYMOUS)
