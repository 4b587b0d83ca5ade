"""The connections to PostgreSQL."""

from django.db import connection

from taskbell.common.sql import fetch

# Of other users, only the database is shown.
BY_STATE = """
    SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity
    WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend' GROUP BY 1
"""


def sessions_by_state() -> dict[str, int]:
    """How many connections of all programs to all databases are active, idle and so on. Empty on other databases."""
    return dict(fetch(BY_STATE)) if connection.vendor == "postgresql" else {}


def max_sessions() -> int:
    """How many connections the server takes."""
    [(most,)] = fetch("SELECT current_setting('max_connections')::int")
    return int(most)
