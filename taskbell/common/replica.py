"""Reads from a replica of the database, for what scans many rows and may be some seconds behind."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

log = logging.getLogger(__name__)

REPLICA = "replica"
T = TypeVar("T")


@contextmanager
def on_replica() -> Iterator[None]:
    """Sends every query of this thread to the replica, if one is set and reachable; otherwise nothing changes.

    It takes the place of the default connection, so that compiled SQL and transactions follow too
    (docs/decisions/0061). A replica refuses to write.
    """
    primary = connections[DEFAULT_DB_ALIAS]
    if REPLICA not in settings.DATABASES or primary.in_atomic_block:
        yield
        return
    replica: Any = connections[REPLICA]
    try:
        replica.health_check_done = False
        replica.close_if_health_check_failed()
        replica.ensure_connection()
    except OperationalError as error:
        log.warning("Can't reach the replica, so the database itself makes the report: %s", type(error).__name__)
        yield
        return
    connections[DEFAULT_DB_ALIAS] = replica
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = primary


def pieces_from_replica(pieces: Iterator[T]) -> Iterator[T]:
    """The pieces, each made by the replica; what the caller does between two of them isn't."""
    while True:
        with on_replica():
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
