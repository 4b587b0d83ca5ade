"""Password hashing that takes little memory when many people sign in at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.utils.translation import gettext as _

from taskbell.common.errors import Busy
from taskbell.common.measures import PASSWORDS_WAITING

MAX_AT_ONCE = 2  # in each process
MAX_WAIT_SECONDS = 5.0

places = BoundedSemaphore(MAX_AT_ONCE)
_waiting: set[object] = set()
PASSWORDS_WAITING.read_by(lambda: len(_waiting))


class ScarceArgon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, the parameters that OWASP recommends; at most two at once in a process.

    Hashes with other parameters are replaced at the next sign-in.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _place():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _place():
            return bool(super().verify(password, encoded))


@contextmanager
def _place() -> Iterator[None]:
    """Waits for a place. Raises Busy."""
    waiting = object()
    _waiting.add(waiting)
    try:
        has_place = places.acquire(timeout=MAX_WAIT_SECONDS)
    finally:
        _waiting.discard(waiting)
    if not has_place:
        raise Busy(_("Too many people are signing in at the moment. Try again in a few seconds."))
    try:
        yield
    finally:
        places.release()
