"""The data folder: created on the first start, and readable only by its owner."""

import hashlib
import os
import secrets
import shlex
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from taskbell.common.whole_files import written_whole
from taskbell.config.env import UnusableEnvironment
from taskbell.config.language import gettext as _

SECRET_KEY = "secret_key"  # noqa: S105 - the name of the file
PRIVATE = 0o077  # the umask of all our processes: other users can't use the files that they create

# The limit is 107 bytes on Linux and 103 on macOS (sockaddr_un).
MAX_SOCKET_PATH_BYTES = 100


def prepare_data_folder(data: Path) -> None:
    """Creates the folder, accessible only by its owner. Raises OSError if that fails.

    Raises UnusableEnvironment if the folder exists and other users can access it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_new_volume(data):
        data.chmod(0o700)
    if _is_open(data.stat()):
        raise UnusableEnvironment(
            _(
                "TASKBELL_DATA: can't use %(data)s, because other users can access it. "
                "Close it with 'chmod -R go= %(quoted)s'."
            )
            % {"data": data, "quoted": shlex.quote(str(data))}
        )


def _is_new_volume(data: Path) -> bool:
    """Whether the folder is a volume of our own with nothing in it: platforms mount them open to everybody."""
    mine = data.is_mount() and data.stat().st_uid == os.getuid()
    return mine and {file.name for file in data.iterdir()} <= {"lost+found"}


def _is_open(folder: os.stat_result) -> bool:
    """Whether other users can access the folder.

    With the setgid bit, it is a volume whose group the platform has set for this process alone, as Kubernetes does by
    fsGroup. If it isn't ours, we can't close it for others either, and it is mounted nowhere else.
    """
    if folder.st_mode & stat.S_ISGID:
        return folder.st_uid == os.getuid() and bool(folder.st_mode & stat.S_IRWXO)
    return bool(folder.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def secret_key(data: Path) -> str:
    """The key in the data folder. The first caller creates it, and all callers get the same key."""
    path = data / SECRET_KEY
    if not path.exists():
        with suppress(FileExistsError), written_whole(path, replace=False) as file:  # another process may be first
            file.write(secrets.token_urlsafe(64).encode())
    return path.read_text().strip()


def valkey_socket(data: Path) -> Path:
    """The socket file of the embedded Valkey: in the data folder, or under /tmp if that path is too long."""
    path = data / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"taskbell-{os.getuid()}-{name}" / "valkey.sock"
