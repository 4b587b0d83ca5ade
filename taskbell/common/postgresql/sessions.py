"""The connections to PostgreSQL."""

from django.db import connection

from taskbell.common.sql import fetch

BY_STATE = """
    SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""


def sessions_by_state() -> dict[str, int]:
    """How many connections of all programs are active, idle and so on. Empty on other databases."""
    return dict(fetch(BY_STATE)) if connection.vendor == "postgresql" else {}


def max_sessions() -> int:
    """How many connections the server takes."""
    [(most,)] = fetch("SELECT current_setting('max_connections')::int")
    return int(most)
