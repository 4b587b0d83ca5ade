"""Queries whose SQL is compiled once.

For a page of rows, Django takes longer to build the SQL than the database takes to run it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateField,
    DateTimeField,
    Expression,
    Field,
    Func,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.base import ModelState

Row = tuple[Any, ...]


class Param(Expression):
    """A parameter of a compiled query: its value is given when the query runs."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def bind(self, values: dict[str, Any]) -> Any:
        """The value for the database driver."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


class IdArray(Param):
    """A parameter for any number of ids, sent as one text: the driver would inspect each element twice."""

    def __init__(self, name: str) -> None:
        super().__init__(name, BigIntegerField())

    def bind(self, values: dict[str, Any]) -> Any:
        return _array(values[self.name])


class AnyOf(Func):
    """The condition that a column is in an `IdArray`: the same SQL for any number of ids."""

    output_field = BooleanField()
    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="%(expressions)s::bigint[])", arg_joiner=" = ANY (", **context
        )


def one_of(column: str, ids: Iterable[int]) -> AnyOf:
    """The condition that the column is one of many ids. With `column__in`, Django and the driver inspect each id."""
    return AnyOf(column, Value(_array(ids)))


def _array(ids: Iterable[int]) -> str:
    listed = ",".join(map(str, ids))
    return f"{{{listed}}}" if connection.vendor == "postgresql" else f"[{listed}]"


def with_params(condition: Q, model: type[Model], prefix: str = "value") -> tuple[Q, dict[str, Any]]:
    """The condition with parameters in place of its numbers, dates, lists of ids and searched texts, and their values.

    Conditions that need the same SQL become equal. The names of the parameters begin with `prefix`.
    """
    values: dict[str, Any] = {}

    def name_of(value: Any) -> str:
        name = f"{prefix}_{len(values)}"
        values[name] = value
        return name

    def text(part: Any) -> Any:
        return Param(name_of(part.value), TextField()) if isinstance(part, Value) else part

    def replaced(part: Any) -> Any:
        match part:
            case Q():
                return Q.create([replaced(child) for child in part.children], part.connector, part.negated)
            case (str(name), list(ids)) if name.endswith("__in") and model._meta.get_field(name[:-4]).is_relation:
                return AnyOf(f"{name.removesuffix('__in')}_id", IdArray(name_of(ids)))
            case (name, int() | date() as value) if not isinstance(value, bool):
                return name, Param(name_of(value), _field_for(value, model, name.partition("__")[0]))
            case Func():
                return type(part)(*map(text, part.get_source_expressions()))
        return part

    return replaced(condition), values


def _field_for(value: int | date, model: type[Model], name: str) -> Any:
    """A date may be compared with an annotation, which is no field of the model."""
    if isinstance(value, date):
        return DateTimeField() if isinstance(value, datetime) else DateField()
    field = model._meta.get_field(name)
    return getattr(field, "target_field", field)


class CompiledQuery:
    """The rows of a `values_list`; its SQL is compiled at the first call and kept.

    `template` is SQL around it, with further parameters `extra_params`. PostgreSQL plans the query once as well; with
    `replan` it plans it every time, because the best plan depends on the values.
    """

    def __init__(
        self,
        build: Callable[[], QuerySet[Any, Any]],
        *,
        template: str = "{rows}",
        extra_params: Sequence[Param] = (),
        replan: bool = False,
    ) -> None:
        self.build, self._template, self._extra_params, self._replan = build, template, extra_params, replan

    def __call__(self, **values: Any) -> list[Row]:
        """Runs the query with these parameter values."""
        sql, parameters, converters = self.prepared
        if not sql:
            return []  # no row can match
        bound = [part.bind(values) if isinstance(part, Param) else part for part in parameters]
        with self._cursor() as cursor:
            cursor.execute(sql, bound)
            rows: list[Row] = cursor.fetchall()
        return [self._converted(row, converters) for row in rows] if converters else rows

    @cached_property
    def prepared(self) -> tuple[str, tuple[Any, ...], dict[int, Any]]:
        """SQL, parameters, and the converters of each column to Python values."""
        compiler = self.build().query.get_compiler(connection=connection)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return "", (), {}
        times = self._template.count("{rows}")
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return self._template.replace("{rows}", sql), (*(parameters * times), *self._extra_params), converters

    def _cursor(self) -> Any:
        cursor = connection.cursor
        return cursor() if self._replan else getattr(connection, "cursor_for_statements", cursor)()

    def _converted(self, row: Row, converters: dict[int, Any]) -> Row:
        values = list(row)
        for index, (functions, expression) in converters.items():
            for convert in functions:
                values[index] = convert(values[index], expression, connection)
        return tuple(values)


class CompiledModelQuery:
    """The instances that a query finds, with related ones, by SQL compiled once.

    `columns` to load are listed by relation path, from the model itself ("") on, each with the primary key first.
    Other columns are deferred. `annotations` of the query become attributes.
    """

    def __init__(
        self,
        build: Callable[[], QuerySet[Any, Any]],
        columns: Mapping[str, Sequence[str]],
        annotations: Sequence[str] = (),
    ) -> None:
        self._build, self._columns, self._annotations = build, columns, annotations
        names = [f"{path}__{name}" if path else name for path, names in columns.items() for name in names]
        self._statement = CompiledQuery(lambda: build().values_list(*names, *annotations))

    def __call__(self, **values: Any) -> list[Any]:
        """Runs the query with these parameter values."""
        return [self._build_row(row) for row in self._statement(**values)]

    def _build_row(self, row: Row) -> Any:
        found: dict[str, Any] = {}
        begin = 0
        for path, before, name, model, names in self._parts:
            end = begin + len(names)
            one = found[path] = build_instance(model, names, row[begin:end]) if row[begin] is not None else None
            begin = end
            if path and found[before] is not None:
                found[before]._state.fields_cache[name] = one
        for name, value in zip(self._annotations, row[begin:], strict=True):
            setattr(found[""], name, value)
        return found[""]

    @cached_property
    def _parts(self) -> list[tuple[str, str, str, type[Model], Sequence[str]]]:
        """For each path: the path, its parent, the relation's name, the model and its columns."""
        models = {"": self._build().model}
        parts = []
        for path, names in self._columns.items():
            before, _, name = path.rpartition("__")
            if path:
                models[path] = models[before]._meta.get_field(name).related_model
            parts.append((path, before, name, models[path], names))
        return parts


def names_of(model: type[Model], but: Collection[str] = ()) -> list[str]:
    """The columns of a model except `but`; the primary key comes first."""
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in but]
    return sorted(names, key=lambda name: name != model._meta.pk.attname)


def build_instance(model: type[Model], names: Iterable[str], values: Iterable[Any]) -> Any:
    """An instance from these column values; other columns are deferred.

    Django's own `from_db` takes five times as long: it loops over all fields and sends signals without receivers.
    """
    instance = model.__new__(model)
    instance.__dict__.update(zip(names, values, strict=True), _state=ModelState())
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    return instance
