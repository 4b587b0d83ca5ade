"""SQL of our own, on the connection of this thread."""

from collections.abc import Sequence, Sized
from typing import Any

from django.db import connection


def execute(statement: str, values: Sequence[Any] | None = None) -> int:
    """Returns how many rows it has changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def fetch(query: str, values: Sequence[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def marks(values: Sized) -> str:
    """A placeholder for each of the values."""
    return ", ".join(["%s"] * len(values))


def locking(strength: str) -> str:
    """The end of a query whose rows stay locked until the transaction ends. SQLite has one writer at a time anyway."""
    return f" FOR {strength}" if connection.vendor == "postgresql" else ""
