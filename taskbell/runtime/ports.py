"""The port of the web server."""

import errno
import socket

from taskbell.runtime.refusals import CannotStart

REASONS = {
    errno.EADDRINUSE: "PORT: another program already listens on port {port} of {host}.",
    errno.EACCES: "PORT: this user may not listen on port {port}; choose one above 1023.",
}
GIVE_UP_AFTER = 60_000  # milliseconds


def bound(host: str, port: int) -> socket.socket:
    """A socket that has the address; it does not listen yet. Raises CannotStart where that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a client that takes nothing is given up, and its buffers with it
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GIVE_UP_AFTER)
        listener.bind(address)
        return listener
    except OSError as error:
        reason = REASONS.get(error.errno or 0, "TASKBELL_BIND: this machine cannot listen on {host}.")
        raise CannotStart(reason.format(host=host, port=port)) from error


def local_address(host: str) -> str:
    """Where this machine reaches a server that listens on that address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
