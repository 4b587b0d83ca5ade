"""The data folder: created on the first start, readable only by its owner."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

# The limit is 107 bytes on Linux and 103 on macOS (sockaddr_un).
MAX_SOCKET_PATH_BYTES = 100


def prepare_data_folder(data: Path) -> None:
    """Creates the folder, accessible only by its owner. Raises OSError if that fails."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)


def secret_key(data: Path) -> str:
    """The key in the data folder. The first caller creates it, and all callers get the same key."""
    path = data / "secret_key"
    if not path.exists():
        draft = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # fails if another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def valkey_socket(data: Path) -> Path:
    """The socket file of the embedded Valkey: in the data folder, or under /tmp if that path is too long."""
    path = data / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"taskbell-{os.getuid()}-{name}" / "valkey.sock"
