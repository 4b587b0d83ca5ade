"""Reads from a replica of the database, for what scans very many rows."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from taskbell.common.sql import fetch

log = logging.getLogger(__name__)

REPLICA = "replica"
WAIT_SECONDS, LOOK_SECONDS = 5.0, 0.05
T = TypeVar("T")


def caught_up_replica() -> Any:
    """The connection to the replica, once it has all that is committed now; None without one, or if it takes long."""
    if REPLICA not in settings.DATABASES:
        return None
    try:
        [(position,)] = fetch("SELECT pg_current_wal_lsn()::text")
        given_up_at = monotonic() + WAIT_SECONDS
        while monotonic() < given_up_at:
            with connections[REPLICA].cursor() as cursor:
                cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [position])
                if cursor.fetchone()[0]:
                    return connections[REPLICA]
            sleep(LOOK_SECONDS)
        log.warning("The replica is more than %d seconds behind, so the database itself is read.", WAIT_SECONDS)
    except DatabaseError as error:
        log.warning("Can't use the replica, so the database itself is read: %s", type(error).__name__)
    return None


def pieces_from(replica: Any, pieces: Iterator[T]) -> Iterator[T]:
    """The pieces, each made from the replica if there is one. What the caller does between two pieces isn't."""
    while True:
        with _in_place_of_default(replica):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


@contextmanager
def _in_place_of_default(replica: Any) -> Iterator[None]:
    """Sends every query of this thread to the replica, also compiled SQL and transactions (docs/decisions/0059)."""
    default = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = replica or default
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = default
