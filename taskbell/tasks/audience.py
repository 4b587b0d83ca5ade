"""The one place that decides who sees a task. Lists, tasks, events, sync, counts, caches and emails all ask here.

A person sees the tasks that they created and those assigned to them; some roles see everything. Queries need this as a
condition; everything else compares keys: audiences and viewers have keys, and a viewer who shares one sees the
task. tests/tasks/test_audience.py proves that the two agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability, roles_with

Key = int | str  # a person by id, or a group
Keys = frozenset[Key]
EVERYBODY = "everybody"
OVERSEERS = "overseers"  # the people who see everything
PEOPLE_FIELDS = ("created_by", "assigned_to")  # of a task


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

    def lost_by(self, people: Iterable[int]) -> "Audience":
        """Of these people, those who are not in this audience."""
        return Audience(frozenset(people), without=self.keys)


ALL = Audience(frozenset({EVERYBODY}))


def audience_of(people: Iterable[int]) -> Audience:
    """The audience of a task with this creator and assignee."""
    return Audience(frozenset({*people, OVERSEERS}))


def ways_to_see(person: User) -> list[Q]:
    """The conditions under which the person sees a task; no task meets two of them."""
    if sees_everything(person):
        return [Q()]
    created, assigned = (Q((field, person)) for field in PEOPLE_FIELDS)
    return [created, assigned & ~created]


def sees_everything(person: User) -> bool:
    """True for a person who sees all tasks, whose reports count all tasks, and whose history shows all tasks."""
    return person.can(Capability.SEE_EVERYTHING)


def viewer_keys(person: int, *, sees_everything: bool) -> Keys:
    """The keys of a viewer."""
    return frozenset({person, EVERYBODY, OVERSEERS} if sees_everything else {person, EVERYBODY})


def keys_of(person: User) -> Keys:
    """The keys of this person, by their current role."""
    return viewer_keys(person.pk, sees_everything=sees_everything(person))


def overseers() -> frozenset[int]:
    """The ids of the active people who see everything, in one query."""
    people = User.objects.filter(is_active=True, role__in=roles_with(Capability.SEE_EVERYTHING))
    return frozenset(people.values_list("pk", flat=True))


def access_of(person: User) -> str:
    """What the person can see, as a short text. Caches and cursors for another access are invalid."""
    return f"{person.pk}{'a' if sees_everything(person) else 'o'}"
