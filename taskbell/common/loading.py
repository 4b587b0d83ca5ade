"""Bulk loading: rows go into temporary tables first, then into their tables by one statement."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

from taskbell.common.sql import execute, fetch

CHUNK_ROWS = 2000
Model = type[models.Model]


@contextmanager
def temporary_table(name: str, columns: Mapping[str, str], *, like: Model) -> Iterator[None]:
    """A temporary table, dropped afterwards. Its columns have the types of the expressions in a query on the model."""
    selected = ", ".join(f"{expression} AS {column}" for column, expression in columns.items())
    execute(f"DROP TABLE IF EXISTS {name}")
    execute(f"CREATE TEMPORARY TABLE {name} AS SELECT {selected} FROM {like._meta.db_table} LIMIT 0")  # noqa: S608 - names of our own
    try:
        yield
    finally:
        if not connection.needs_rollback and connection.is_usable():
            execute(f"DROP TABLE IF EXISTS {name}")


def load_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes the rows, by COPY on PostgreSQL."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            stored = [[_sqlite_value(value) for value in row] for row in rows]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", stored)  # noqa: S608 - names of our own


def insert_from(model: Model, values: Mapping[str, str], source: str, *, given: Mapping[str, Any]) -> int:
    """Inserts a row for each row of `source`, the SQL after FROM. Returns how many.

    `values` are SQL expressions by column, `given` are Python values by column. Other fields get their defaults.
    """
    return execute(*_insertion(model, values, source, given))


def insert_rows(
    model: Model, rows: Iterable[Mapping[str, Any]], *, given: Mapping[str, Any], returning: Sequence[str] = ("id",)
) -> list[tuple[Any, ...]]:
    """Inserts rows by one statement, in a quarter of the time that `bulk_create` takes for some hundreds.

    All rows have the same columns. Skips rows that violate a unique constraint; returns columns of the others.
    """
    lines = list(rows)
    if not lines:
        return []
    fields: dict[str, Any] = {str(field.column): field for field in model._meta.concrete_fields}
    is_json = {name: isinstance(fields[name], models.JSONField) for name in lines[0]}
    values = {name: json_value(f"line.{name}") if is_json[name] else f"line.{name}" for name in is_json}
    if connection.vendor == "postgresql":
        types = {name: "text" if is_json[name] else fields[name].db_type(connection) for name in is_json}
        source = f"json_to_recordset(%s) AS line({', '.join(f'{name} {type_}' for name, type_ in types.items())})"
    else:
        columns = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in is_json)
        source = f"(SELECT {columns} FROM json_each(%s)) AS line WHERE true"  # noqa: S608 - names of our own
    statement, bound = _insertion(model, values, source, given)
    conflict = f"ON CONFLICT DO NOTHING RETURNING {', '.join(returning)}"
    return fetch(f"{statement} {conflict}", [*bound, _in_json(lines)])


def _insertion(model: Model, values: Mapping[str, str], source: str, given: Mapping[str, Any]) -> tuple[str, list[Any]]:
    bound = [
        (str(field.column), field.get_db_prep_save(given.get(str(field.column), field.get_default()), connection))
        for field in model._meta.concrete_fields
        if field.column in given or (field.column not in values and _has_default(field))
    ]
    columns = ", ".join([*values, *(column for column, _ in bound)])
    selected = ", ".join([*values.values(), *["%s"] * len(bound)])
    statement = f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {selected} FROM {source}"  # noqa: S608 - names of our own
    return statement, [value for _, value in bound]


def _has_default(field: Any) -> bool:
    return not (field.primary_key or field.generated or field.db_default is not NOT_PROVIDED)


def all_rows(query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, read in chunks to save memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(CHUNK_ROWS):
            yield from rows


def json_object(members: Mapping[str, str]) -> str:
    """SQL for a JSON object with these expressions as members."""
    function = "jsonb_build_object" if connection.vendor == "postgresql" else "json_object"
    pairs = ", ".join(f"'{name}', {expression}" for name, expression in members.items())
    return f"{function}({pairs})"


def json_value(text: str) -> str:
    """SQL that parses a text as JSON."""
    return f"{text}::jsonb" if connection.vendor == "postgresql" else text


def json_array(expression: str) -> str:
    """SQL for a JSON array of an expression over the rows of a group."""
    function = "jsonb_agg" if connection.vendor == "postgresql" else "json_group_array"
    return f"{function}({expression})"


def _in_json(lines: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a JSON array, which the database expands into columns; JSON values are sent as text."""
    if connection.vendor == "postgresql":
        return orjson.dumps(lines).decode()
    return orjson.dumps(lines, default=_sqlite_value, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _sqlite_value(value: Any) -> Any:
    """The value as SQLite stores it; most types need no conversion."""
    match value:
        case datetime():
            return _sqlite_instant(value)
        case date():
            return connection.ops.adapt_datefield_value(value)
        case time():
            return connection.ops.adapt_timefield_value(value)
        case timedelta():
            return round(value / timedelta(microseconds=1))
        case _:
            return value


@lru_cache(maxsize=256)
def _sqlite_instant(value: datetime) -> str:
    """The rows of one statement share most of their instants."""
    return str(connection.ops.adapt_datetimefield_value(value))
