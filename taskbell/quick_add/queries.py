"""What a person can name in a line: one query for each kind that the line names."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_

from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.accounts.queries import is_called
from taskbell.common.folding import LEVEL, sort_key
from taskbell.common.text import folded
from taskbell.common.values import MAX_ID
from taskbell.projects.audience import is_visible_project
from taskbell.projects.models import Project, ProjectQuerySet
from taskbell.quick_add.known import Known, Thing
from taskbell.quick_add.reading import ASSIGNEE, BLOCKED_BY, CATEGORY, LABEL, PROJECT
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task

MAX_FOUND = 200  # of one kind
Names = Sequence[str]


def known_to(person: User, names: Mapping[str, Names]) -> Known:
    """Of these names by kind, what the person sees and can use."""
    things = {kind: LOOKUPS[kind](some, person) for kind, some in names.items()}
    return Known(things, may_create=person.can(Capability.CREATE_CATEGORIES))


def _categories(names: Names, _: User) -> list[Thing]:
    keys = [folded(name) for name in names]
    return [Thing(*row) for row in Category.objects.filter(key__in=keys).values_list("pk", "name")]


def _labels(names: Names, _: User) -> list[Thing]:
    keys = [folded(name) for name in names]
    return [Thing(*row) for row in Label.objects.filter(key__in=keys).values_list("pk", "name")]


def _projects(names: Names, person: User) -> list[Thing]:
    """Active projects whose names begin with these, the person's Inbox among them."""
    found = active_projects(person).filter(reduce(or_, map(is_project_called, names)))
    return [Thing(*row) for row in found.values_list("pk", "name")[:MAX_FOUND]]


def active_projects(person: User) -> ProjectQuerySet:
    """The projects that the person sees and that are not archived, without the Inboxes of others."""
    own_or_shared = Q(inbox_of=None) | Q(inbox_of=person)
    return Project.objects.in_use().filter(is_visible_project(person), own_or_shared, archived_at=None)


def is_project_called(beginning: str) -> Q:
    """The condition that the name of a project begins with this; case and accents don't matter."""
    return Q(name_sort__startswith=sort_key(beginning).partition(LEVEL)[0])


def _people(names: Names, _: User) -> list[Thing]:
    """Active people with a name that begins with these, from the directory, which everybody sees."""
    begins = reduce(or_, map(is_called, names))
    exact = Q(username_key__in=[folded(name) for name in names])
    found = User.objects.filter(begins | exact, is_active=True).order_by("name_sort", "pk")[:MAX_FOUND]
    return [Thing(one.pk, one.username, (one.first_name, one.last_name, one.name), one.name) for one in found]


def _tasks(names: Names, person: User) -> list[Thing]:
    ids = [int(name) for name in names if len(name) < len(str(MAX_ID))]
    rows = Task.objects.visible_to(person).filter(pk__in=ids).values_list("pk", "title")
    return [Thing(pk, str(pk), title=title) for pk, title in rows]


LOOKUPS: Mapping[str, Callable[[Names, User], list[Thing]]] = {
    CATEGORY: _categories,
    LABEL: _labels,
    PROJECT: _projects,
    ASSIGNEE: _people,
    BLOCKED_BY: _tasks,
}
