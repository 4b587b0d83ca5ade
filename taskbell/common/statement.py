"""Queries that are put together once.

For a page of rows, Django takes longer to put the SQL together than the database takes to answer it.
"""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BigIntegerField, BooleanField, Expression, Field, Func, Model, QuerySet

Row = tuple[Any, ...]


class Blank(Expression):
    """A place in a statement for a value that is not known before it runs."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def filled(self, values: dict[str, Any]) -> Any:
        """The value as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


class Ids(Blank):
    """A place for any number of ids at once, written as text: the driver would look at each of them twice."""

    def __init__(self, name: str) -> None:
        super().__init__(name, BigIntegerField())

    def filled(self, values: dict[str, Any]) -> Any:
        listed = ",".join(map(str, values[self.name]))
        return f"{{{listed}}}" if connection.vendor == "postgresql" else f"[{listed}]"


class OneOf(Func):
    """The condition that a column is one of `Ids`: the same SQL however many they are."""

    output_field = BooleanField()
    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="%(expressions)s::bigint[])", arg_joiner=" = ANY (", **context
        )


class Statement:
    """The rows of a `values_list`, whose SQL is made at the first use and the same ever after."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self.build = build

    def __call__(self, **values: Any) -> list[Row]:
        """Runs it, with these values in the blanks."""
        sql, parameters, converters = self.prepared
        filled = [part.filled(values) if isinstance(part, Blank) else part for part in parameters]
        with getattr(connection, "cursor_for_statements", connection.cursor)() as cursor:
            cursor.execute(sql, filled)
            rows: list[Row] = cursor.fetchall()
        return [self._converted(row, converters) for row in rows] if converters else rows

    @cached_property
    def prepared(self) -> tuple[str, tuple[Any, ...], dict[int, Any]]:
        """SQL, parameters, and by column what makes Python's values of the database's."""
        compiler = self.build().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        return sql, parameters, compiler.get_converters([column[0] for column in compiler.select])

    def _converted(self, row: Row, converters: dict[int, Any]) -> Row:
        values = list(row)
        for place, (steps, expression) in converters.items():
            for step in steps:
                values[place] = step(values[place], expression, connection)
        return tuple(values)


def names_of(model: type[Model], prefix: str = "", but: Collection[str] = ()) -> list[str]:
    """The columns of a model, for `values_list`, without some."""
    return [prefix + field.attname for field in model._meta.concrete_fields if field.attname not in but]


def made_of(model: type[Model], values: Iterator[Any], but: Collection[str] = ()) -> Any:
    """The instance of which these are the columns; takes as many values as it has. It reads the others if need be."""
    names = names_of(model, but=but)
    return model.from_db(DEFAULT_DB_ALIAS, names, list(islice(values, len(names))))
