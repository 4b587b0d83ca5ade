"""Where the web server listens: a port, or a socket file."""

import errno
import os
import socket
import stat
from http.client import HTTPConnection
from pathlib import Path

from taskbell.runtime.refusals import CannotStart

UNIX = "unix:"
REASONS = {
    errno.EADDRINUSE: "PORT: another program already listens on port {port} of {host}.",
    errno.EACCES: "PORT: this user may not listen on port {port}; choose one above 1023.",
}
GIVE_UP_AFTER = 60_000  # milliseconds


def bound(host: str, port: int) -> socket.socket:
    """A socket that has the address; it does not listen yet. Raises CannotStart where that cannot be."""
    if host.startswith(UNIX):
        return _bound_to_file(Path(host.removeprefix(UNIX)))
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


def _bound_to_file(path: Path) -> socket.socket:
    """The same for a socket file; one that nobody listens on any more is replaced."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _somebody_listens(path):
            path.unlink()
        listener.bind(str(path))
        os.chmod(path, 0o660)  # the group of the folder says which proxy may connect
        return listener
    except OSError as error:
        reason = "another program already listens on" if error.errno == errno.EADDRINUSE else "cannot listen on"
        raise CannotStart(f"TASKBELL_BIND: {reason} {path} ({error.strerror or error}).") from error


def _somebody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def connection_to(host: str, port: int) -> HTTPConnection:
    """A connection from this machine to a server that listens there."""
    if host.startswith(UNIX):
        return _FileConnection(host.removeprefix(UNIX))
    return HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=1)  # noqa: S104


class _FileConnection(HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=1)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def name_of(host: str, port: int) -> str:
    """Where it listens, in words."""
    return host.removeprefix(UNIX) if host.startswith(UNIX) else f"{host} port {port}"
