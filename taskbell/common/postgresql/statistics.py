"""What the planner of PostgreSQL knows of the tables."""

from django.db import connection

UNKNOWN_TABLES = """
    SELECT relname FROM pg_class
    WHERE relname = ANY (%s) AND relnamespace = current_schema()::regnamespace
    AND pg_relation_size(oid) > 0
    AND NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = current_schema() AND tablename = relname)
"""


def look_at_unknown_tables() -> None:
    """Lets PostgreSQL look at its tables where it never has.

    It does so by itself soon after they were filled, but forgets about it when it crashes before; and then takes a
    second for a page of some ten thousand tasks.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(UNKNOWN_TABLES, [connection.introspection.django_table_names()])
        for (table,) in cursor.fetchall():
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
