"""A server that takes whatever it is sent, as Sentry and collectors of OpenTelemetry do."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import brotli

ANSWER = b"{}"


class Receiver(ThreadingHTTPServer):
    """Keeps all requests, with their heads."""

    daemon_threads = True

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def everything(self) -> bytes:
        """All that has arrived."""
        return b"\n".join(head.encode() + body for head, body in self.requests)

    def events(self) -> list[dict[str, Any]]:
        """The events of Sentry in the envelopes so far."""
        lines = [line for _, body in self.requests for line in body.splitlines() if line.startswith(b"{")]
        return [event for line in lines if "logentry" in (event := json.loads(line))]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match self.headers["Content-Encoding"]:
            case "gzip":
                body = gzip.decompress(body)
            case "br":
                body = brotli.decompress(body)
            case unknown:
                assert unknown is None
        self.server.requests.append((f"{self.path} {self.headers}", body))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """The server, until the block ends."""
    receiver = Receiver()
    Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()
