"""ISO 8601 dates and times, formatted by the database exactly as Python's `isoformat` would.

Converting an instant to a Python object only to format it takes longer than the rest of the row.
"""

from typing import Any

from django.db.models import Func, TextField

# The format of the microseconds, if there are any.
MICROSECONDS = "CASE WHEN mod(date_part('microseconds', %(expressions)s)::int, 1000000) = 0 THEN '' ELSE '.US' END"


class _Iso(Func):
    """SQLite already stores ISO text. Concatenating '' makes Django skip its conversion to a Python object."""

    arity = 1
    output_field = TextField()
    template = "(%(expressions)s || '')"
    postgresql = ""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql, **context)


class IsoDate(_Iso):
    postgresql = "to_char(%(expressions)s, 'YYYY-MM-DD')"


class IsoTime(_Iso):
    """A time, with microseconds if it has any."""

    postgresql = f"to_char(%(expressions)s, 'HH24:MI:SS' || {MICROSECONDS})"


class IsoInstant(_Iso):
    """An instant in UTC with a Z, with microseconds if it has any."""

    template = "(REPLACE(%(expressions)s, ' ', 'T') || 'Z')"
    postgresql = (
        f"to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS' || {MICROSECONDS} || '\"Z\"')"
    )
