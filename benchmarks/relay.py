"""The minimum between Valkey and many WebSockets: every published message is sent to everyone.

`python -m benchmarks.relay PORT REDIS_URL`: no sign-in, no history, nothing to resume from.
"""

import asyncio
import sys
from typing import Any

import redis.asyncio
import uvicorn

CHANNEL = "benchmarks.relay"
senders: set[Any] = set()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """One client."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": '{"event": "connected"}'})
    senders.add(send)
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        senders.discard(send)


async def relay(url: str) -> None:
    """Sends every published message to everyone."""
    async with redis.asyncio.Redis.from_url(url) as broker, broker.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        async for message in subscription.listen():
            if message["type"] == "message":
                text = message["data"].decode()
                for send in list(senders):
                    await send({"type": "websocket.send", "text": text})


async def main(port: int, url: str) -> None:
    """Serves until it is stopped."""
    config = uvicorn.Config(
        application, port=port, lifespan="off", log_level="warning", server_header=False, ws_per_message_deflate=False
    )
    relaying = asyncio.create_task(relay(url))
    await uvicorn.Server(config).serve()
    relaying.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
