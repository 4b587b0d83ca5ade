"""Statistics for PostgreSQL's query planner."""

from django.db import connection

from taskbell.common.sql import execute, fetch

UNKNOWN_TABLES = """
    SELECT relname FROM pg_class
    WHERE (relname = ANY (%s) OR relispartition) AND relnamespace = current_schema()::regnamespace
    AND pg_relation_size(oid) > 0
    AND NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = current_schema() AND tablename = relname)
"""


def analyze_tables_without_statistics() -> None:
    """Runs ANALYZE on tables that have rows but no statistics.

    PostgreSQL analyzes tables soon after they are filled, but not if it crashes before that. Without statistics, a page
    of ten thousand tasks takes a second.
    """
    if connection.vendor != "postgresql":
        return
    for (table,) in fetch(UNKNOWN_TABLES, [connection.introspection.django_table_names()]):
        execute(f"ANALYZE {connection.ops.quote_name(table)}")
