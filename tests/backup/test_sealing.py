"""The encryption of a backup: any change is noticed, and a large file needs no more memory than a small one."""

import io
import tracemalloc
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from taskbell.runtime.backup import sealing
from taskbell.runtime.backup.archive import Damaged, is_sealed, pack, unpack
from taskbell.runtime.backup.manifest import Manifest
from taskbell.runtime.backup.sealing import CHUNK_BYTES, TAG_BYTES, NotOpened, SealedReader, SealingWriter
from tests.backup.conftest import PHRASE

HEAD_BYTES = len(sealing.MAGIC) + sealing.SALT_BYTES
SEALED_BYTES = CHUNK_BYTES + TAG_BYTES


@pytest.fixture(autouse=True)
def _one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is derived once: that is slow, as it should be."""
    known: dict[tuple[str, bytes], Any] = {}
    derive = sealing._cipher
    monkeypatch.setattr(sealing.os, "urandom", lambda n: b"s" * n)
    monkeypatch.setattr(sealing, "_cipher", lambda *key: known.get(key) or known.setdefault(key, derive(*key)))


def sealed(content: bytes) -> bytes:
    file = io.BytesIO()
    writer = SealingWriter(file, PHRASE)
    for begin in range(0, len(content), 10_000):
        writer.write(content[begin : begin + 10_000])
    writer.finish()
    return file.getvalue()


def opened(content: bytes, phrase: str = PHRASE) -> bytes:
    reader = SealedReader(io.BytesIO(content), phrase)
    return b"".join(iter(lambda: reader.read(30_000), b""))


CONTENT = bytes(range(256)) * 1000  # almost four chunks


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(CONTENT)])
def test_what_is_sealed_can_be_opened(size: int) -> None:
    content = CONTENT[:size]
    assert opened(sealed(content)) == content
    assert content[:100] not in sealed(content) or not content[8:]
    with pytest.raises(NotOpened):
        opened(sealed(content), "another phrase")


@pytest.mark.parametrize("part", range(40))
def test_a_changed_bit_is_noticed_wherever_it_is(part: int) -> None:
    content = bytearray(sealed(CONTENT))
    content[part * len(content) // 40 + part] ^= 1 << part % 8
    with pytest.raises(NotOpened):
        opened(bytes(content))


def test_a_file_that_was_cut_off_or_put_together_otherwise_is_noticed() -> None:
    whole = sealed(CONTENT)
    head, chunks = (
        whole[:HEAD_BYTES],
        [whole[n : n + SEALED_BYTES] for n in range(HEAD_BYTES, len(whole), SEALED_BYTES)],
    )
    first, second, *rest = chunks
    others = [[], [first], chunks[:-1], [second, first, *rest], [first, *rest], [first, first, second, *rest]]
    others += [[*chunks, chunks[-1]], [*chunks, b"x"], [*chunks[:-1], chunks[-1][:-1]]]
    for order in others:
        with pytest.raises(NotOpened):
            opened(head + b"".join(order))


def test_the_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak_of(megabytes: int) -> int:
        file = tmp_path / "sealed"
        tracemalloc.reset_peak()
        with file.open("wb") as out:
            writer = SealingWriter(out, PHRASE)
            for _ in range(megabytes):
                writer.write(bytes(1024 * 1024))
            writer.finish()
        with file.open("rb") as back:
            reader = SealedReader(cast(BinaryIO, back), PHRASE)
            while reader.read(CHUNK_BYTES):
                pass
        return tracemalloc.get_traced_memory()[1]

    peak_of(1)
    tracemalloc.start()
    try:
        small, large = peak_of(2), peak_of(48)
    finally:
        tracemalloc.stop()
    assert large < small + 4 * CHUNK_BYTES
    assert large < 6 * 1024 * 1024


@pytest.mark.parametrize("phrase", [None, PHRASE])
def test_a_backup_that_lacks_a_byte_anywhere_is_refused(tmp_path: Path, phrase: str | None) -> None:
    content, file = tmp_path / "content", tmp_path / "file"
    content.write_bytes(bytes(n * n % 251 for n in range(200_000)))
    pack(file, Manifest("sqlite", "2026-11-21T09:00:00+00:00", {}, []), {"database": content}, phrase)
    whole = file.read_bytes()
    assert is_sealed(file) == bool(phrase)
    unpack(file, place(tmp_path, "whole"), phrase)
    assert (tmp_path / "whole" / "database").read_bytes() == content.read_bytes()
    for n, size in enumerate([*range(0, 60, 7), *range(60, len(whole), len(whole) // 20), len(whole) - 1]):
        if phrase and size < HEAD_BYTES:
            continue  # it no longer looks like an encrypted one
        file.write_bytes(whole[:size])
        with pytest.raises((Damaged, NotOpened)):
            unpack(file, place(tmp_path, f"cut{n}"), phrase)


def place(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name
