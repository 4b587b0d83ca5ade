"""SQL of our own, on the connection of this thread."""

from collections.abc import Sequence
from typing import Any

from django.db import connection


def execute(statement: str, values: Sequence[Any] | None = None) -> int:
    """Returns how many rows it has changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def fetch(query: str, values: Sequence[Any] | None = None) -> list[Any]:
    """All rows."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
