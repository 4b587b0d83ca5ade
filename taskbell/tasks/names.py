"""The names that values of the history stand for: tasks, people, categories and projects by their ids."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Value

from taskbell.accounts.models import User
from taskbell.projects.audience import sees_everything
from taskbell.projects.models import Project
from taskbell.tasks.models import Category, Task

# The fields of the history whose values are ids, or lists of ids.
TASKS, PEOPLE, CATEGORIES = {"pre_tasks", "next_task"}, {"assigned_to", "people", "author"}, {"category"}
PROJECTS = {"project"}
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


def names_in(values: Values, reader: User, *, people: Iterable[int | None] = ()) -> Names:
    """The names in these values of the history, and those of further people: at most one query."""
    found = list(values)
    tasks, categories = _ids(found, TASKS), _ids(found, CATEGORIES)
    named = _ids(found, PEOPLE) | {pk for pk in people if pk is not None}
    known = _lookup(tasks, named, categories, _ids(found, PROJECTS), reader)
    prerequisites = _ids(found, {"pre_tasks"})
    hidden = frozenset() if sees_everything(reader) else frozenset(prerequisites - known.tasks.keys())
    return replace(known, hidden=hidden)


def _ids(values: Values, fields: Iterable[str]) -> set[int]:
    ids: set[int] = set()
    for name, value in values:
        within = value if isinstance(value, dict) and not name else {name: value}
        for one in (within[key] for key in fields if within.get(key) is not None):
            ids.update(one if isinstance(one, list) else [one])
    return ids


def _lookup(tasks: set[int], people: set[int], categories: set[int], projects: set[int], reader: User) -> Names:
    nothing = Value("")
    parts: list[Any] = []
    if tasks:
        named: Any = Task.objects.concerning(reader).filter(pk__in=tasks)
        parts.append(named.order_by().values_list(Value("task"), "pk", "title", nothing, nothing))
    if people:
        named = User.objects.filter(pk__in=people)
        parts.append(named.order_by().values_list(Value("person"), "pk", "username", "first_name", "last_name"))
    if categories:
        named = Category.objects.filter(pk__in=categories)
        parts.append(named.order_by().values_list(Value("category"), "pk", "name", nothing, nothing))
    if projects:
        named = Project.objects.filter(pk__in=projects)
        seen = named if sees_everything(reader) else named.filter(memberships__person=reader)
        parts.append(seen.order_by().values_list(Value("project"), "pk", "name", nothing, nothing))
    known = Names()
    by_kind = {"task": known.tasks, "category": known.categories, "project": known.projects}
    for kind, pk, name, first, last in parts[0].union(*parts[1:], all=True) if parts else ():
        if kind == "person":
            known.people[pk] = User(username=name, first_name=first, last_name=last).name
        else:
            by_kind[kind][pk] = name
    return known
