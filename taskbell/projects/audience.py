"""The one place that decides who sees a task. Lists, tasks, events, sync, counts, caches and emails all ask here.

A person sees the tasks of their projects, their Inbox included, and those assigned to them; some roles see everything.
Queries need this as a condition; everything else compares keys: audiences and viewers have keys, and a viewer who
shares one sees the task. tests/tasks/test_audience.py proves that the two agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Func, Q, Subquery

from taskbell.accounts.models import User
from taskbell.accounts.policy import CAPABILITIES, Capability
from taskbell.projects.models import Membership, Project

Key = int | str  # a person by id, or a group: a project, for example
Keys = frozenset[Key]
EVERYBODY = "everybody"
OVERSEERS = "overseers"  # the people who see everything
PEOPLE_FIELDS = ("created_by", "assigned_to")  # of a task
PUBLIC_KEYS = {False: (EVERYBODY,), True: (EVERYBODY, OVERSEERS)}  # by whether a person sees everything


@dataclass(frozen=True, slots=True)
class Audience:
    """Viewers with one of `keys`: only those who also have one of `within`, and none of `without`."""

    keys: Keys
    within: Keys | None = None
    without: Keys = frozenset()

    def includes(self, viewer: Keys) -> bool:
        """True for a viewer with these keys."""
        return (
            not self.keys.isdisjoint(viewer)
            and (self.within is None or not self.within.isdisjoint(viewer))
            and self.without.isdisjoint(viewer)
        )

    def only(self, person: int) -> "Audience":
        """Of this audience, one person."""
        return Audience(frozenset({person}), within=self.keys)

    def lost_by(self, before: Iterable[Key | None]) -> "Audience":
        """Of the viewers with one of these keys, those who are not in this audience."""
        return Audience(_known(before), without=self.keys)

    def gained_since(self, before: Iterable[Key | None]) -> "Audience":
        """Of this audience, the viewers without any of these keys."""
        return Audience(self.keys, without=_known(before))

    def kept_since(self, before: Iterable[Key | None]) -> "Audience":
        """Of this audience, the viewers with one of these keys."""
        return Audience(self.keys, within=_known(before))


ALL = Audience(frozenset({EVERYBODY}))


def project_key(project: int) -> Key:
    """The key that the members of the project have."""
    return f"p{project}"


def audience_of(*keys: Key | None) -> Audience:
    """The audience of a task with the key of this project and this assignee."""
    return Audience(_known((*keys, OVERSEERS)))


def _known(keys: Iterable[Key | None]) -> Keys:
    return frozenset(key for key in keys if key is not None)


def ways_to_see(person: User) -> list[Q]:
    """The conditions under which the person sees a task; no task meets two of them."""
    if sees_everything(person):
        return [Q()]
    member = Q(project__in=_projects_of(person))
    return [member, Q(assigned_to=person) & ~member]


class _InProjects(Func):
    """The condition that a task is in one of the projects that a subquery finds.

    For PostgreSQL as an array: if a subquery is one of several alternatives, it reads all tasks.
    """

    output_field = BooleanField()
    template = "%(expressions)s"
    arg_joiner = " IN "

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY (ARRAY", **context)


def sees_task(person: User) -> Q:
    """The condition that the person sees a task: the ways to see it, as one."""
    if sees_everything(person):
        return Q()
    return Q(_InProjects("project", Subquery(_projects_of(person)))) | Q(assigned_to=person)


def sees_task_of(project: int, assigned_to: int | None) -> Q:
    """The condition that a person sees a task of this project with this assignee."""
    overseers = [role for role, granted in CAPABILITIES.items() if Capability.SEE_EVERYTHING in granted]
    members = Membership.objects.filter(project=project).values("person")
    return Q(pk__in=members) | Q(pk=assigned_to) | Q(role__in=overseers)


def _projects_of(person: User) -> Any:
    return Membership.objects.filter(person=person).values("project")


def is_visible_project(person: User) -> Q:
    """The condition that the person sees a project: they belong to it, or see everything."""
    return Q() if sees_everything(person) else Q(memberships__person=person)


def project_name_for(person: User, project: Project) -> str:
    """The name, if the person sees the project. Empty for an Inbox, which says nothing about a task."""
    is_shown = project.inbox_of_id is None and audience_of(project_key(project.pk)).includes(keys_of(person))
    return project.name if is_shown else ""


def sees_everything(person: User) -> bool:
    """True for a person who sees all tasks, whose reports count all tasks, and whose history shows all tasks."""
    return person.can(Capability.SEE_EVERYTHING)


def keys_of(person: User) -> Keys:
    """The keys of this person, by their current role and memberships: one query, unless they were loaded."""
    return person.keys if person.keys is not None else _keys_by_person([person])[person.pk]


def group_keys_of(person: User) -> list[str]:
    """Those of the keys that the person can lose: of projects, and of the people who see everything."""
    return sorted(key for key in keys_of(person) if isinstance(key, str))


def load_keys(people: Iterable[User]) -> None:
    """Reads the keys of many people by one query, for what is asked of them next."""
    listed = list(people)
    keys = _keys_by_person(listed) if listed else {}
    for person in listed:
        person.keys = keys[person.pk]


def _keys_by_person(people: Sequence[User]) -> dict[int, Keys]:
    public = {person.pk: PUBLIC_KEYS[sees_everything(person)] for person in people}
    projects: dict[int, list[Key]] = {pk: [] for pk in public}
    for project, person in Membership.objects.filter(person__in=public).values_list("project", "person"):
        projects[person].append(project_key(project))
    return {pk: frozenset((pk, *public[pk], *projects[pk])) for pk in public}


def access_of(person: User) -> str:
    """What the person can see, as a short text. Caches and cursors for another access are invalid."""
    return f"{person.pk}{'a' if sees_everything(person) else 'o'}{person.access_version or ''}"


@dataclass(frozen=True, slots=True)
class Access:
    """What a person can see: as a text, and as keys."""

    text: str
    keys: Keys


def changed_access(known: Mapping[int, str]) -> dict[int, Access]:
    """Of these people and what they could see, those who can see something else now: two queries."""
    people = User.objects.filter(pk__in=known).only("role", "is_active", "access_version")
    changed = [person for person in people if access_of(person) != known[person.pk]]
    load_keys(changed)
    return {person.pk: Access(access_of(person), keys_of(person)) for person in changed}
