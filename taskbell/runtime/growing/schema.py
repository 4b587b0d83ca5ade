"""What the target has: tables, and what is taken away while rows are copied, because it would run for each of them."""

from typing import NamedTuple

from taskbell.common.sql import fetch
from taskbell.runtime.backup.postgres_moving import relations
from taskbell.runtime.growing.state import TABLE

NOT_COPIED = {"django_migrations", "activity_unplaced", TABLE}
INDEXES = """
    SELECT 'DROP INDEX ' || indexrelid::regclass, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relname = ANY (%s)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY indexrelid
"""
FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                  pg_get_constraintdef(pg_constraint.oid))
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relname = ANY (%s) AND contype = 'f'
    ORDER BY pg_constraint.oid
"""
TRIGGERS = """
    SELECT DISTINCT format('ALTER TABLE %%s DISABLE TRIGGER USER', tgrelid::regclass),
                    format('ALTER TABLE %%s ENABLE TRIGGER USER', tgrelid::regclass)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relname = ANY (%s) AND NOT tgisinternal
"""
SEQUENCES = """
    SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)
    FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ANY (%s)
    AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL
"""


class Undone(NamedTuple):
    """A statement that takes something away, and the one that puts it back."""

    statement: str
    back: str


def copied_tables() -> list[str]:
    return sorted(set(relations()) - NOT_COPIED)


def in_the_way(tables: list[str]) -> list[Undone]:
    """Foreign keys, indexes and triggers, in the order in which they are taken away."""
    return [Undone(*row) for query in (FOREIGN_KEYS, INDEXES, TRIGGERS) for row in fetch(query, [tables])]


def sequences_of(tables: list[str]) -> list[tuple[str, str, str]]:
    """The table, the column and the sequence of each id."""
    return [tuple(row) for row in fetch(SEQUENCES, [tables])]
