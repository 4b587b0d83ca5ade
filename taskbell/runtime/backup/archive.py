"""The file of a backup: a compressed tar, perhaps encrypted. The manifest comes first and has the others' checksums."""

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from taskbell.common.whole_files import written_whole
from taskbell.runtime.backup import manifest as manifests
from taskbell.runtime.backup.manifest import Manifest
from taskbell.runtime.backup.sealing import MAGIC, SealedReader, SealingWriter

BLOCK_BYTES = 1024 * 1024
COMPRESSION = 3  # a third of the time of 6, for a file that is a tenth larger


class Damaged(Exception):
    """The file is cut off, altered, or no backup at all."""


def pack(
    file: Path, manifest: Manifest, contents: Mapping[str, Path], passphrase: str | None, *, replace: bool = False
) -> None:
    """Writes the backup. Raises OSError if the file exists, unless `replace`."""
    for name, path in contents.items():
        manifest.files[name] = {"bytes": path.stat().st_size, "sha256": _checksum(path)}
    with written_whole(file, replace=replace) as out:
        sealed = SealingWriter(out, passphrase) if passphrase else None
        with (
            gzip.GzipFile("", "wb", COMPRESSION, cast(BinaryIO, sealed or out), mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|") as tar,
        ):
            _add(tar, manifests.NAME, io.BytesIO(data := manifest.as_bytes()), len(data), manifest)
            for name, path in contents.items():
                with path.open("rb") as content:
                    _add(tar, name, content, manifest.files[name]["bytes"], manifest)
        if sealed:
            sealed.finish()


def _add(tar: tarfile.TarFile, name: str, content: Any, size: int, manifest: Manifest) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(manifest.made.timestamp())
    tar.addfile(member, content)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_sealed(file: Path) -> bool:
    """Whether a passphrase is needed."""
    with file.open("rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC


def unpack(file: Path, folder: Path, passphrase: str | None) -> Manifest:
    """Writes the files of the backup to the folder, and checks all of it. Raises Damaged, NotOpened, OSError."""
    with file.open("rb") as opened:
        stream = SealedReader(opened, passphrase) if passphrase else opened
        try:
            with gzip.GzipFile(fileobj=cast(BinaryIO, stream), mode="rb") as packed:
                manifest = _unpack(packed, folder)
                while packed.read(BLOCK_BYTES):  # the checksum at the end
                    pass
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, KeyError) as error:
            raise Damaged from error
    return manifest


def _unpack(packed: gzip.GzipFile, folder: Path) -> Manifest:
    with tarfile.open(fileobj=packed, mode="r|") as tar:
        first = tar.next()
        if first is None or first.name != manifests.NAME or first.size > BLOCK_BYTES:
            raise Damaged
        manifest = manifests.read_manifest(_content(tar, first).read())
        missing = dict(manifest.files)
        while member := tar.next():
            said = missing.pop(member.name)
            if "/" in member.name or said != _extract(_content(tar, member), folder / member.name):
                raise Damaged
    if missing:
        raise Damaged
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    content = tar.extractfile(member)
    if content is None:
        raise Damaged
    return content


def _extract(content: Any, path: Path) -> dict[str, Any]:
    """Writes the file, and returns its size and checksum."""
    checksum, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while block := content.read(BLOCK_BYTES):
            checksum.update(block)
            size += out.write(block)
    return {"bytes": size, "sha256": checksum.hexdigest()}
