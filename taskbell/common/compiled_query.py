"""Queries that are put together once.

For a page of rows, Django takes longer to put the SQL together than the database takes to answer it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BigIntegerField, BooleanField, Expression, Field, Func, Model, Q, QuerySet
from django.db.models.base import ModelState

Row = tuple[Any, ...]


class Param(Expression):
    """A place in a statement for a value that is not known before it runs."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def filled(self, values: dict[str, Any]) -> Any:
        """The value as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


class IdArray(Param):
    """A place for any number of ids at once, written as text: the driver would look at each of them twice."""

    def __init__(self, name: str) -> None:
        super().__init__(name, BigIntegerField())

    def filled(self, values: dict[str, Any]) -> Any:
        listed = ",".join(map(str, values[self.name]))
        return f"{{{listed}}}" if connection.vendor == "postgresql" else f"[{listed}]"


class AnyOf(Func):
    """The condition that a column is one of `Ids`: the same SQL however many they are."""

    output_field = BooleanField()
    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="%(expressions)s::bigint[])", arg_joiner=" = ANY (", **context
        )


def with_params(condition: Q, model: type[Model]) -> tuple[Q, dict[str, Any]]:
    """The condition with blanks for the numbers and dates that the model's own columns are compared with; and these.

    All that need the same SQL become equal.
    """
    values: dict[str, Any] = {}

    def blank(name: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | date):
            return value
        field: Any = model._meta.get_field(name.partition("__")[0])
        place = Param(f"value_{len(values)}", getattr(field, "target_field", field))
        values[place.name] = value
        return place

    def emptied(part: Any) -> Any:
        match part:
            case Q():
                return Q.create([emptied(child) for child in part.children], part.connector, part.negated)
            case (name, value):
                return name, blank(name, value)
        return part

    return emptied(condition), values


class CompiledQuery:
    """The rows of a `values_list`, whose SQL is made at the first use and the same ever after.

    `around` is SQL with a place for theirs, and `also` what that has blanks for. The database plans it once as well,
    unless it is to be planned `afresh` each time, because the best way depends on the values.
    """

    def __init__(
        self,
        build: Callable[[], QuerySet[Any, Any]],
        *,
        around: str = "{rows}",
        also: Sequence[Param] = (),
        afresh: bool = False,
    ) -> None:
        self.build, self._around, self._also, self._afresh = build, around, also, afresh

    def __call__(self, **values: Any) -> list[Row]:
        """Runs it, with these values in the blanks."""
        sql, parameters, converters = self.prepared
        if not sql:
            return []  # nothing fits, whatever the values are
        filled = [part.filled(values) if isinstance(part, Param) else part for part in parameters]
        with self._cursor() as cursor:
            cursor.execute(sql, filled)
            rows: list[Row] = cursor.fetchall()
        return [self._converted(row, converters) for row in rows] if converters else rows

    @cached_property
    def prepared(self) -> tuple[str, tuple[Any, ...], dict[int, Any]]:
        """SQL, parameters, and by column what makes Python's values of the database's."""
        compiler = self.build().query.get_compiler(connection=connection)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return "", (), {}
        times = self._around.count("{rows}")
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return self._around.replace("{rows}", sql), (*(parameters * times), *self._also), converters

    def _cursor(self) -> Any:
        cursor = connection.cursor
        return cursor() if self._afresh else getattr(connection, "cursor_for_statements", cursor)()

    def _converted(self, row: Row, converters: dict[int, Any]) -> Row:
        values = list(row)
        for place, (steps, expression) in converters.items():
            for step in steps:
                values[place] = step(values[place], expression, connection)
        return tuple(values)


class CompiledModelQuery:
    """The instances that a query finds, with others that they refer to. Its SQL is made once, too.

    `columns` are the ones to be read, by the path to whom they belong, which begins at the model itself (""). All
    others are read when they are asked for. The primary key is the first of each. What the query annotates `beside`
    them becomes attributes.
    """

    def __init__(
        self, build: Callable[[], QuerySet[Any, Any]], columns: Mapping[str, Sequence[str]], beside: Sequence[str] = ()
    ) -> None:
        self._build, self._columns, self._beside = build, columns, beside
        self._statement = CompiledQuery(lambda: build().values_list(*_with_paths(columns), *beside))

    def __call__(self, **values: Any) -> list[Any]:
        """Runs it, with these values in the blanks."""
        return [self._made_of(row) for row in self._statement(**values)]

    def _made_of(self, row: Row) -> Any:
        found: dict[str, Any] = {}
        begin = 0
        for path, before, name, model, names in self._parts:
            end = begin + len(names)
            one = found[path] = build_instance(model, names, row[begin:end]) if row[begin] is not None else None
            begin = end
            if path and found[before] is not None:
                found[before]._state.fields_cache[name] = one
        for name, value in zip(self._beside, row[begin:], strict=True):
            setattr(found[""], name, value)
        return found[""]

    @cached_property
    def _parts(self) -> list[tuple[str, str, str, type[Model], Sequence[str]]]:
        """By path: what it leads through, the last step, and what is there."""
        models = {"": self._build().model}
        parts = []
        for path, names in self._columns.items():
            before, _, name = path.rpartition("__")
            if path:
                models[path] = models[before]._meta.get_field(name).related_model
            parts.append((path, before, name, models[path], names))
        return parts


def _with_paths(columns: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{path}__{name}" if path else name for path, names in columns.items() for name in names]


def names_of(model: type[Model], but: Collection[str] = ()) -> list[str]:
    """The columns of a model, without some; the primary key is the first."""
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in but]
    return sorted(names, key=lambda name: name != model._meta.pk.attname)


def build_instance(model: type[Model], names: Iterable[str], values: Iterable[Any]) -> Any:
    """The instance that has these values in these columns of the database. It reads the others if need be.

    Django's own way takes five times as long: it goes by all the model's fields, and sends signals that nobody hears.
    """
    made = model.__new__(model)
    made.__dict__.update(zip(names, values, strict=True), _state=ModelState())
    made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
    return made
