"""Files that are there as a whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(file: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A file for its owner alone. It gets its name when everything is on the disk.

    Raises FileExistsError if the name is taken, unless `replace`.
    """
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}.partial")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(opened, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        _rename(draft, file, replace=replace)
        sync_folder(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def _rename(draft: Path, file: Path, *, replace: bool) -> None:
    if not replace:
        try:
            os.link(draft, file)  # fails if somebody was first
        except OSError:
            if os.path.lexists(file):
                raise
        else:
            return
    draft.replace(file)  # also where the file system has no hard links


def sync_folder(folder: Path) -> None:
    """Makes a rename in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
