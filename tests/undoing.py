"""Trying something out without leaving a trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """What the block writes is gone after it. For examples that share one test and its database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
