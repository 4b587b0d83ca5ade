"""Encryption by a passphrase, in chunks: neither side needs more memory for a larger file.

As in age's payload (https://age-encryption.org/v1), the nonce of each chunk has its number, and whether it is the last:
a chunk that was altered, moved, left out or added is refused.
"""

import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"taskbell-backup-encrypted-1\n"  # another number means other parameters
SALT_BYTES, TAG_BYTES = 16, 16
CHUNK_BYTES = 64 * 1024


class NotOpened(Exception):
    """The passphrase is wrong, or the file was altered or cut off."""


def _cipher(passphrase: str, salt: bytes) -> ChaCha20Poly1305:
    """The cipher of one file. Guessing a passphrase costs 64 MiB and two passes, as OWASP recommends for scrypt."""
    return ChaCha20Poly1305(Scrypt(salt=salt, length=32, n=2**16, r=8, p=2).derive(passphrase.encode()))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


class SealingWriter:
    """Encrypts what is written to it. Only `finish` makes the file complete."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._file, self._head, self._number = file, MAGIC + salt, 0
        self._cipher, self._waiting = _cipher(passphrase, salt), bytearray()
        file.write(self._head)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(CHUNK_BYTES, is_last=False)
        return len(data)

    def flush(self) -> None:
        """Does nothing: a chunk is written when it is full."""

    def finish(self) -> None:
        """Writes the last chunk."""
        self._seal(CHUNK_BYTES, is_last=True)

    def _seal(self, size: int, *, is_last: bool) -> None:
        chunk = bytes(self._waiting[:size])
        del self._waiting[:size]
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), chunk, self._head))
        self._number += 1


class SealedReader:
    """Decrypts a file from its beginning. Raises NotOpened at the first chunk that isn't right."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._head = file.read(len(MAGIC) + SALT_BYTES)
        self._file, self._number, self._is_over = file, 0, False
        self._cipher, self._opened = _cipher(passphrase, self._head[len(MAGIC) :]), b""
        self._next = file.read(CHUNK_BYTES + TAG_BYTES)

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end of a complete file."""
        while not self._opened and not self._is_over:
            self._open()
        part, self._opened = self._opened[:size], self._opened[size:]
        return part

    def _open(self) -> None:
        chunk, self._next = self._next, self._file.read(CHUNK_BYTES + TAG_BYTES)
        self._is_over = not self._next
        try:
            self._opened = self._cipher.decrypt(_nonce(self._number, is_last=self._is_over), chunk, self._head)
        except InvalidTag:
            raise NotOpened from None
        self._number += 1
