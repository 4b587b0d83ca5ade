"""What a word after a mark can become while it is typed: the names that begin like it."""

from collections.abc import Callable, Iterable, Mapping

from taskbell.accounts.models import User
from taskbell.accounts.queries import is_called
from taskbell.common.text import folded
from taskbell.quick_add.lines import QUOTES
from taskbell.quick_add.queries import active_projects, is_project_called
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category

MAX_SUGGESTED = 8
Suggestion = tuple[str, str]  # what goes into the line, and what people read


def suggestions(mark: str, beginning: str, *, to: User) -> list[Suggestion]:
    """The first names that begin like this, of the kind that the mark stands for: one query."""
    return [(f"{mark}{in_a_line(name)}", shown) for name, shown in KINDS[mark](beginning, to) if _can_be_quoted(name)]


def in_a_line(name: str) -> str:
    """The name as it goes into a line: in quotation marks if it has several words."""
    return f'"{name}"' if len(name.split()) > 1 else name


def _can_be_quoted(name: str) -> bool:
    return not set(QUOTES) & set(name)


def _categories(beginning: str, _: User) -> Iterable[Suggestion]:
    found = Category.objects.filter(key__startswith=folded(beginning)).order_by("key")
    return found.values_list("name", "name")[:MAX_SUGGESTED]


def _labels(beginning: str, _: User) -> Iterable[Suggestion]:
    found = Label.objects.filter(key__startswith=folded(beginning)).order_by("name_sort", "pk")
    return found.values_list("name", "name")[:MAX_SUGGESTED]


def _projects(beginning: str, person: User) -> Iterable[Suggestion]:
    found = active_projects(person).filter(is_project_called(beginning))
    return found.order_by("name_sort", "pk").values_list("name", "name")[:MAX_SUGGESTED]


def _people(beginning: str, _: User) -> Iterable[Suggestion]:
    found = User.objects.filter(is_called(beginning), is_active=True).order_by("name_sort", "pk")[:MAX_SUGGESTED]
    return [(person.username, person.name) for person in found]


KINDS: Mapping[str, Callable[[str, User], Iterable[Suggestion]]] = {
    "@": _people,
    "#": _categories,
    "+": _projects,
    "*": _labels,
}
