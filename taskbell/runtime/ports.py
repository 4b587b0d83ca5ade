"""Where the web server listens: a port, or a socket file."""

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Any

from taskbell.config.language import gettext as _
from taskbell.config.language import gettext_noop
from taskbell.runtime.refusals import CannotStart

UNIX = "unix:"
REASONS = {
    errno.EADDRINUSE: gettext_noop("PORT: can't listen on port {port} of {host}, because another program uses it."),
    errno.EACCES: gettext_noop("PORT: this user can't listen on port {port}. Choose a port above 1023."),
}
NO_ADDRESS = gettext_noop("TASKBELL_BIND: can't listen on {host}, because it isn't an address of this machine.")
UNACKNOWLEDGED_MILLISECONDS = 60_000


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not listening yet. Raises CannotStart if binding fails."""
    if host.startswith(UNIX):
        return _bound_to_file(Path(host.removeprefix(UNIX)))
    try:
        listener, address = _unbound(host, port)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart doesn't wait for old connections
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # drops clients that stop reading, and frees their buffers
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS)
        listener.bind(address)
        return listener
    except OSError as error:
        reason = REASONS.get(error.errno or 0, NO_ADDRESS)
        raise CannotStart(_(reason).format(host=host, port=port)) from error


def _unbound(host: str, port: int) -> tuple[socket.socket, Any]:
    """A socket for the address, and the address as sockets take it."""
    if host.startswith(UNIX):
        return socket.socket(socket.AF_UNIX), host.removeprefix(UNIX)
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.socket(family, kind, protocol), address


def _bound_to_file(path: Path) -> socket.socket:
    """The same for a socket file; a stale one is replaced."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _is_in_use(path):
            path.unlink()
        listener.bind(str(path))
        os.chmod(path, 0o660)  # the folder's group decides which proxy may connect
        return listener
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        if in_use:
            text = _("TASKBELL_BIND: can't listen on %(path)s, because another program uses it.") % {"path": path}
        else:
            text = _("TASKBELL_BIND: can't listen on %(path)s, because of an error (%(error)s).") % {
                "path": path,
                "error": error.strerror or error,
            }
        raise CannotStart(text) from error


def _is_in_use(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def replies(host: str, port: int, question: bytes, *, begin: bytes) -> bool:
    """True if a server on this machine that listens there begins its reply to the question like this."""
    try:
        connection, address = _unbound({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)  # noqa: S104
        with connection:
            connection.settimeout(1)
            connection.connect(address)
            connection.sendall(question)
            return connection.recv(len(begin), socket.MSG_WAITALL) == begin
    except OSError:
        return False


def name_of(host: str, port: int) -> str:
    """The address for people to read."""
    return host.removeprefix(UNIX) if host.startswith(UNIX) else f"{host} port {port}"
