"""The names that values of the history stand for: tasks, people, categories and projects by their ids."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Q, Value

from taskbell.accounts.models import User
from taskbell.projects.audience import is_visible_project, sees_everything
from taskbell.projects.models import Project
from taskbell.tasks.models import Category, Task

# The fields of the history whose values are ids, or lists of ids, by what these name.
FIELDS = {
    "tasks": {"pre_tasks", "next_task"},
    "people": {"assigned_to", "people", "author"},
    "categories": {"category"},
    "projects": {"project"},
}
MAX_PEOPLE = 500
Values = Iterable[tuple[str, Any]]  # field and value; a value without a field may have fields of its own


@dataclass(frozen=True)
class Names:
    """Names by id as one reader may see them, and the prerequisites that are hidden from them."""

    tasks: dict[int, str] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)
    projects: dict[int, str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()

    def visible_part(self, field: str, value: Any) -> Any:
        """The value of the field without the hidden prerequisites."""
        if isinstance(value, dict):
            links = value.get("pre_tasks", ())
            return value if self.hidden.isdisjoint(links) else value | {"pre_tasks": self._visible(links)}
        return self._visible(value) if field == "pre_tasks" and isinstance(value, list) else value

    def _visible(self, links: Iterable[int]) -> list[int]:
        return [pk for pk in links if pk not in self.hidden]


def names_in(values: Values, reader: User, *, people: Iterable[int | None] = (), everybody: bool = False) -> Names:
    """The names in these values of the history, and those of further people: at most one query.

    With `everybody`, also those of active people, up to MAX_PEOPLE.
    """
    found = list(values)
    ids = {kind: _ids(found, fields) for kind, fields in FIELDS.items()}
    ids["people"].update(pk for pk in people if pk is not None)
    known = _lookup(ids, reader, everybody=everybody)
    hidden = set() if sees_everything(reader) else _ids(found, {"pre_tasks"}) - known.tasks.keys()
    return replace(known, hidden=frozenset(hidden))


def _ids(values: Values, fields: Iterable[str]) -> set[int]:
    ids: set[int] = set()
    for name, value in values:
        within = value if isinstance(value, dict) and not name else {name: value}
        for one in (within[key] for key in fields if within.get(key) is not None):
            ids.update(one if isinstance(one, list) else [one])
    return ids


def _lookup(ids: Mapping[str, set[int]], reader: User, *, everybody: bool) -> Names:
    nothing = Value("")
    active = User.objects.filter(is_active=True).order_by("name_sort", "id").values("pk")[:MAX_PEOPLE]
    further = {"people": Q(pk__in=active)} if everybody else {}
    named: dict[str, tuple[Any, ...]] = {
        "tasks": (Task.objects.concerning(reader), "title", nothing, nothing),
        "people": (User.objects.all(), "username", "first_name", "last_name"),
        "categories": (Category.objects.all(), "name", nothing, nothing),
        "projects": (Project.objects.filter(is_visible_project(reader)), "name", nothing, nothing),
    }
    parts = [
        rows.filter(Q(pk__in=ids[kind]) | further.get(kind, Q())).order_by().values_list(Value(kind), "pk", *columns)
        for kind, (rows, *columns) in named.items()
        if ids[kind] or kind in further
    ]
    known = Names()
    for kind, pk, name, first, last in parts[0].union(*parts[1:], all=True) if parts else ():
        getattr(known, kind)[pk] = User(username=name, first_name=first, last_name=last).name if first or last else name
    return known
