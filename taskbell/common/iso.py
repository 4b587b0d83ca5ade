"""Dates and times as ISO 8601 has them, written by the database as Python's `isoformat` would.

Reading a moment into Python only to write it out takes longer than all the rest of a row.
"""

from typing import Any

from django.db.models import Func, TextField


class _Iso(Func):
    """SQLite keeps them as such a text already; Python leaves one alone that is no bare column."""

    arity = 1
    output_field = TextField()
    template = "(%(expressions)s || '')"
    postgresql = ""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql, **context)


class IsoDate(_Iso):
    """A date."""

    postgresql = "to_char(%(expressions)s, 'YYYY-MM-DD')"


class IsoTime(_Iso):
    """A time; with microseconds where it has some."""

    postgresql = "to_char(%(expressions)s, 'HH24:MI:SS' || " + (
        "CASE WHEN mod(date_part('microseconds', %(expressions)s)::int, 1000000) = 0 THEN '' ELSE '.US' END)"
    )


class IsoInstant(_Iso):
    """An instant in UTC, with a Z; with microseconds where it has some."""

    template = "(REPLACE(%(expressions)s, ' ', 'T') || 'Z')"
    postgresql = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS' || " + (
        "CASE WHEN mod(date_part('microseconds', %(expressions)s)::int, 1000000) = 0 THEN '' ELSE '.US' END || '\"Z\"')"
    )
