"""The ID of the request that is being handled: in the answer, in log lines, and in jobs that the request starts."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-ID"
FORM = re.compile(r"[A-Za-z0-9-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Empty outside requests, and in jobs that no request has started."""
    return _current.get()


def new_request_id(given: str = "") -> str:
    """The ID that a trusted proxy has given, if it has the form of one; else a random one."""
    return given if FORM.fullmatch(given) else f"{random.getrandbits(64):016x}"


def begin(request_id: str) -> None:
    """The ID counts for this thread from now on."""
    _current.set(request_id)


@contextmanager
def handling(request_id: str) -> Iterator[None]:
    """The ID counts for this thread in the block."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)
