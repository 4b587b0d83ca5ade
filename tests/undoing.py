"""Trying something out without leaving a trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """What the block writes is gone after it. For examples that share one test and its database.

    The history begins anew each time, and with it the moments that answers are kept under.
    """
    cache.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
