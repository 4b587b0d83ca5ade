"""Mentions: `@username` in a comment, of a person who sees the task.

A name ends at the first character that no username can have (accounts/names.py). Case doesn't matter. Punctuation after
a name belongs to it only if somebody's username ends like that: "@bo." and "@bo's" mention bo.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.queries import is_called
from taskbell.comments.rendering import PUNCTUATION
from taskbell.common.errors import invalid
from taskbell.common.text import folded
from taskbell.projects.audience import load_keys, sees_task_of
from taskbell.tasks.models import Task

MAX_MENTIONS = 20  # people in one comment


class Mentions(NamedTuple):
    """The people mentioned who see the task, by id, and the names that match nobody who does, as typed."""

    people: list[int]
    unreachable: list[str]


def read_mentions(names: Iterable[str], task: Task) -> Mentions:
    """The people whom these names mention. A name that nobody has is like that of a person who can't see the task.

    At most two queries. Raises Invalid for too many names.
    """
    forms = dict[tuple[str, str], str]()
    for name in names:
        forms.setdefault(_forms(name), name.rstrip(PUNCTUATION))
    if len({bare for _full, bare in forms}) > MAX_MENTIONS:
        raise invalid("body", "mentions", _("Must mention at most %(mentions)s people.") % {"mentions": MAX_MENTIONS})
    if not forms:
        return Mentions([], [])
    wanted = {form for pair in forms for form in pair}
    known = {person.username_key: person for person in User.objects.filter(username_key__in=wanted)}
    visible = {person.pk for person in viewers_among(known.values(), task)}
    people, unreachable = dict[int, None](), dict[str, str]()
    for (full, bare), typed in forms.items():
        person = known.get(full) or known.get(bare)
        if person is not None and person.pk in visible:
            people[person.pk] = None
        else:
            unreachable.setdefault(bare, typed)
    return Mentions(list(people), list(unreachable.values()))


def viewers_among(people: Iterable[User], task: Task) -> Sequence[User]:
    """Those of these people who may be notified about the task: active, and able to see it. One query."""
    active = [person for person in people if person.is_active]
    load_keys(active)
    return [person for person in active if task.is_visible_to(person)]


def people_to_mention(task: Task, beginning: str, *, by: User) -> QuerySet[User]:
    """The others who can be mentioned on the task and have a name that begins like this, by name."""
    found = User.objects.filter(
        sees_task_of(task.project_id, task.assigned_to_id), is_called(beginning), is_active=True
    )
    return found.exclude(pk=by.pk).order_by("name_sort", "pk")


def _forms(name: str) -> tuple[str, str]:
    """The name as usernames are compared, with the punctuation at its end and without."""
    return folded(name), folded(name.rstrip(PUNCTUATION))
