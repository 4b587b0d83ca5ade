"""One port for both: HTTP goes to the WSGI application in threads, WebSocket to Channels.

Django's own ASGI handler serves a small answer several times slower than its WSGI handler does,
which is why HTTP does not go through it (docs/decisions).
"""

from urllib.parse import quote

from a2wsgi import WSGIMiddleware
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from taskbell.config.wsgi import application as wsgi_application

REQUEST_THREADS = 10

http = WSGIMiddleware(wsgi_application, workers=REQUEST_THREADS)  # type: ignore[arg-type]


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Hands the connection to the door it knocks on."""
    if scope["type"] == "http":
        # A query string is bytes on the wire, and clients do send bytes that are not ASCII.
        scope["query_string"] = quote(scope["query_string"], safe="!#$%&'()*+,/:;=?@[]~").encode()
    await http(scope, receive, send)  # type: ignore[arg-type]
