"""SQL of our own, on the connection of this thread."""

from collections.abc import Sequence, Sized
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def execute(statement: str, values: Sequence[Any] | None = None) -> int:
    """Returns how many rows it has changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def fetch(query: str, values: Sequence[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def in_one_query(parts: Sequence[QuerySet[Any, Any]]) -> list[Any]:
    """All rows of these queries, which may be ordered and limited, one after the other; values of plain types alone.

    Django's own `union` can't limit its parts on SQLite.
    """
    statements = [part.query.sql_with_params() for part in parts]
    query = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS part_{place}" for place, (sql, _) in enumerate(statements))  # noqa: S608 - Django's
    return fetch(query, [value for _, values in statements for value in values])


def marks(values: Sized) -> str:
    """A placeholder for each of the values."""
    return ", ".join(["%s"] * len(values))


def locking(strength: str) -> str:
    """The end of a query whose rows stay locked until the transaction ends. SQLite has one writer at a time anyway."""
    return f" FOR {strength}" if connection.vendor == "postgresql" else ""
