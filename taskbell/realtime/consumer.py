"""One live connection: sign in, resume, receive."""

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

from taskbell.accounts.queries import session_of_token
from taskbell.common import strict_json
from taskbell.common.errors import Refusal
from taskbell.realtime.catching_up import Share
from taskbell.realtime.closing import Closed, Closing
from taskbell.realtime.frames import Frame
from taskbell.realtime.handshake import Credential, Handshake
from taskbell.realtime.hub import Hub
from taskbell.realtime.subscribers import Subscriber

TOKEN_SECONDS = 5.0  # for a first frame with a token, where nothing else signs the client in
RESUME_SECONDS = 1.0  # for which events are held back, so that missed ones come first
MAX_FRAMES, FRAME_WINDOW_SECONDS = 60, 60.0

UNKNOWN_FRAME = 'Must be {"resume": "<cursor>"}. Nothing else can be sent.'
ANONYMOUS = 'You are not signed in. Send {"token": "<access token>"} as your first frame.'

logger = logging.getLogger("taskbell.live")

Work = Callable[[], Awaitable[None]]


class TaskEvents(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Sends a signed-in person every change that they may see, in the order of commits."""

    channel_layer_alias = ""  # the follower fills its inbox directly; no channel is needed

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub = hub
        self.subscriber: Subscriber | None = None
        self._task: asyncio.Task[None] | None = None
        self._unfinished_from: str | None = None  # the address that the handshake counts for
        self._share: Share | None = None  # kept while the connection lasts
        self._is_ending = False
        self._frames, self._since = 0, monotonic()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # however it ends
            self._stop()
            self._finish_handshake()
            if self.subscriber:
                self.hub.subscribers.leave(self.subscriber)

    async def connect(self) -> None:
        handshake = Handshake(self.scope)
        await self.accept(handshake.subprotocol)
        async with self._closing():
            self.hub.unfinished.enter(handshake.address)
            self._unfinished_from = handshake.address
            credential = handshake.credential()
            if credential:
                await self._sign_in(credential)
            else:
                self._go_on_with(self._expect_token)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        async with self._closing():
            if text_data is None:
                raise Closed(Closing.NOT_TEXT)
            self._count_frame()
            frame = _parsed(text_data)
            if self.subscriber is None:
                await self._sign_in(_token_in(frame))
                del frame["token"]
                if not frame:
                    return
            match frame:
                case {"resume": str(cursor)} if len(frame) == 1:
                    self._go_on_with(partial(self._resume, cursor))
                case _:
                    await self._reply({"error": UNKNOWN_FRAME})

    def _finish_handshake(self) -> None:
        if self._unfinished_from is not None:
            self.hub.unfinished.leave(self._unfinished_from)
            self._unfinished_from = None

    async def _expect_token(self) -> None:
        await asyncio.sleep(TOKEN_SECONDS)
        raise Closed(Closing.SIGNED_OUT, ANONYMOUS)

    async def _sign_in(self, credential: Credential) -> None:
        self._stop()
        session = await self.hub.session_behind(credential)
        access = await self.hub.access(session.user_id)
        await self.hub.start()
        position = self.hub.follower.position
        subscriber = Subscriber(
            session, access=access, position=position, close=self._close, resync=self._resync_client
        )
        self.hub.subscribers.enter(subscriber)
        self.subscriber = subscriber
        self._finish_handshake()
        self._share = self.hub.follower.catching_up.share(subscriber.person)
        await self._reply({"event": "connected", "cursor": self._cursor(subscriber.position)})
        self._go_on_with(partial(self._listen, hold=RESUME_SECONDS))

    async def _listen(self, *, hold: float = 0) -> None:
        subscriber = self._known
        await asyncio.sleep(hold)
        await self.hub.follower.catch_up(subscriber, self._forward)
        while True:
            await self._forward(await subscriber.next())

    async def _resume(self, cursor: str) -> None:
        subscriber = self._known
        self.hub.subscribers.give(subscriber, await self.hub.access(subscriber.person))
        position = await self.hub.position(cursor, subscriber.access)
        share = self.hub.follower.catching_up.share(subscriber.person)
        if position is None or not share.allows(self.hub.follower.position - position):
            position = self.hub.follower.position
            await self._reply({"resync": True, "cursor": self._cursor(position)})
        subscriber.go_to(position)
        await self._listen()

    @property
    def _known(self) -> Subscriber:
        assert self.subscriber  # noqa: S101 - only called once signed in
        return self.subscriber

    def _cursor(self, position: int) -> str:
        return self.hub.cursor(position, self._known.access)

    async def _forward(self, frame: Frame) -> None:
        await self.send(frame.with_cursor(self._cursor(frame.position)))

    async def _reply(self, message: dict[str, Any]) -> None:
        await self.send(orjson.dumps(message).decode())

    def _count_frame(self) -> None:
        now = monotonic()
        if now - self._since > FRAME_WINDOW_SECONDS:
            self._frames, self._since = 0, now
        self._frames += 1
        if self._frames > MAX_FRAMES:
            raise Closed(Closing.TOO_MANY_FRAMES)

    def _close(self, why: Closed) -> None:
        """Closes the connection from outside; the caller does not wait for the client."""
        self._go_on_with(partial(self._end, why))

    def _resync_client(self) -> None:
        """Tells the client to start over: its cursors are void."""
        self._go_on_with(partial(self._resume, ""))

    def _go_on_with(self, work: Work) -> None:
        """Replaces the current work."""
        self._stop()
        self._task = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Work) -> None:
        with suppress(OSError):  # the client has left, which the server reports in another way
            async with self._closing():
                await work()

    @asynccontextmanager
    async def _closing(self) -> AsyncIterator[None]:
        """Turns errors into the end of the connection."""
        try:
            yield
        except Closed as why:
            await self._end(why)
        except (OperationalError, InterfaceError):
            await self._end(Closed(Closing.TRY_AGAIN_LATER))
        except OSError:
            raise
        except Exception:
            logger.exception("A live connection failed.")
            await self._end(Closed(Closing.FAILED))

    async def _end(self, why: Closed) -> None:
        if not self._is_ending:
            self._is_ending = True
            await self.close(why.code, why.reason)

    def _stop(self) -> None:
        if self._task:
            self._task.cancel()


def _parsed(text: str) -> Any:
    try:
        return strict_json.parse(text.encode())
    except (Refusal, UnicodeEncodeError):
        return text


def _token_in(frame: Any) -> Credential:
    match frame:
        case {"token": str(access)}:
            return partial(session_of_token, access)
        case _:
            raise Closed(Closing.SIGNED_OUT, ANONYMOUS)
