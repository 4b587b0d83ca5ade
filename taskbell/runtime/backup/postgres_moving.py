"""Moves what is in a schema of PostgreSQL to another one. Extensions stay where they are."""

from taskbell.common.sql import execute, fetch
from taskbell.runtime.setup import SET_ASIDE

OBJECTS = """
    SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
           ELSE 'TABLE' END,
           format('%%I.%%I', nspname, relname)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %s AND relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                    AND (deptype = 'e' OR relkind = 'S' AND deptype IN ('a', 'i')))
    UNION ALL
    SELECT 'FUNCTION', pg_proc.oid::regprocedure::text
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname = %s
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
"""
RELATIONS = """
    SELECT relname FROM pg_class
    WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT relispartition AND NOT EXISTS (SELECT FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
    ORDER BY relname
"""


def relations() -> list[str]:
    """The tables and views of the current schema, without those of extensions and the parts of others."""
    return [str(name) for (name,) in fetch(RELATIONS)]


def is_there(schema: str) -> bool:
    return bool(fetch("SELECT FROM pg_namespace WHERE nspname = %s", [schema]))


def move_all(source: str, target: str) -> None:
    """Tables move with their indexes, triggers and sequences."""
    execute(f'CREATE SCHEMA IF NOT EXISTS "{target}"')
    execute(f'SET LOCAL search_path TO "{source}"')
    for kind, name in fetch(OBJECTS, [source] * 2):
        execute(f'ALTER {kind} {_qualified(name, source)} SET SCHEMA "{target}"')
    execute("SET LOCAL search_path TO DEFAULT")


def drop(schema: str) -> None:
    """Drops what `move_all` would move."""
    execute(f'SET LOCAL search_path TO "{schema}"')
    for kind, name in fetch(OBJECTS, [schema] * 2):
        execute(f"DROP {kind} IF EXISTS {_qualified(name, schema)} CASCADE")
    execute("SET LOCAL search_path TO DEFAULT")


def put_back(schema: str) -> None:
    """What was set aside comes back, and what has taken its place is dropped."""
    drop(schema)
    move_all(SET_ASIDE, schema)
    execute(f'DROP SCHEMA "{SET_ASIDE}"')


def _qualified(name: str, schema: str) -> str:
    """A function's name comes without its schema while that is in the search path."""
    return name if name.startswith((f"{schema}.", f'"{schema}".')) else f'"{schema}".{name}'
