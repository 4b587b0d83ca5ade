"""How long a request may take. Workers, commands and migrations have no deadline.

SQLite asks `has_passed` while it works; PostgreSQL has a statement timeout on connections that a request opens. Neither
begins a statement after the deadline.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any

from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.errors import Busy
from taskbell.common.sql import execute

MAX_SECONDS = 10.0  # of a request, and of each part of a response that is streamed
INTERRUPTED = "interrupted"  # as SQLite says it
TOO_SLOW = gettext_noop(
    "This took longer than %(n)d seconds and was stopped; nothing has changed. Narrow the search, send "
    "less at once, or try again later."
)
UNREACHABLE = gettext_noop("Can't reach the database right now. Try again in a few seconds.")


class _Current(threading.local):
    at: float = inf


_current = _Current()


@contextmanager
def deadline(seconds: float = MAX_SECONDS) -> Iterator[None]:
    """Stops statements of this thread that run longer than this. Replaces the deadline around it."""
    before = _current.at
    _current.at = monotonic() + seconds
    try:
        yield
    finally:
        _current.at = before


@contextmanager
def no_deadline() -> Iterator[None]:
    """Lets the block take as long as it needs, as an import does."""
    has_timeout = _current.at < inf and connection.vendor == "postgresql"
    with deadline(inf):
        if has_timeout:
            execute("SET statement_timeout = 0")
        try:
            yield
        finally:
            if has_timeout and not connection.in_atomic_block:
                execute("RESET statement_timeout")  # to what the connection began with


def is_set() -> bool:
    """True while this thread serves a request."""
    return _current.at < inf


def seconds_left() -> float:
    """Seconds until the deadline of this thread; negative after it, infinite without one."""
    return _current.at - monotonic()


def has_passed() -> bool:
    """True after the deadline of this thread."""
    return seconds_left() < 0


def refuse_after_deadline(run: Callable[..., Any], *arguments: Any) -> Any:
    """Runs a statement, as a wrapper of Django. Raises OperationalError after the deadline."""
    if has_passed():
        raise OperationalError(INTERRUPTED)
    return run(*arguments)


def was_too_slow(error: BaseException) -> bool:
    """True for the error of a statement that was stopped by a deadline."""
    return str(error) == INTERRUPTED or type(error.__cause__).__name__ == "QueryCanceled"


def database_refusal(error: BaseException) -> Busy:
    """The refusal after an error of the database: the request was too slow, or the database is unreachable."""
    return Busy(_(TOO_SLOW) % {"n": MAX_SECONDS} if was_too_slow(error) else _(UNREACHABLE))
