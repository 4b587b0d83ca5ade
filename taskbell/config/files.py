"""The data folder: made on the first start, readable by its owner alone."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

# A socket's path has at most 107 bytes on Linux and 103 on macOS (sockaddr_un).
LONGEST_SOCKET_PATH = 100


def prepare_data_folder(data: Path) -> None:
    """Makes the folder, for the owner alone. Raises OSError where that cannot be."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)


def secret_key(data: Path) -> str:
    """The key kept in the data folder; the first caller makes it, and all callers get the same."""
    path = data / "secret_key"
    if not path.exists():
        draft = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def valkey_socket(data: Path) -> Path:
    """Where the embedded Valkey listens: in the data folder, or where paths are short enough."""
    path = data / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"taskbell-{os.getuid()}-{name}" / "valkey.sock"
