"""The projects, labels and comments of the tasks in an export."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import orjson
from django.db.models import Sum

from taskbell.accounts.models import Installation, User
from taskbell.comments.models import Comment
from taskbell.common.compiled_query import one_of
from taskbell.common.iso import IsoInstant
from taskbell.projects.audience import is_visible_project
from taskbell.projects.models import Membership, Project
from taskbell.tasks.label_models import TaskLabel

CHUNK_ROWS = 2000
MAX_BYTES = 4 * 1024 * 1024  # of comments in memory, unless one task has more
Record = tuple[Any, ...]


class ExportedProjects:
    """The projects of one file, as the person sees them. The first row of each has its details and members."""

    def __init__(self, person: User) -> None:
        self._person, self._installation = person, Installation.own_key()
        self._names: dict[int, dict[str, Any] | None] = {}
        self._details: dict[int, dict[str, Any]] = {}

    def learn(self, ids: Collection[int]) -> None:
        """Reads those projects that are new. An Inbox is none."""
        new = set(ids) - self._names.keys()
        if not new:
            return
        self._names |= dict.fromkeys(new)
        found = Project.objects.filter(is_visible_project(self._person), pk__in=new, inbox_of=None)
        for one in found.only("name", "colour", "description", "archived_at").order_by():
            self._names[one.pk] = {"id": f"{self._installation}:{one.pk}", "name": one.name}
            about = {"colour": one.colour, "description": one.description, "archived": one.archived_at is not None}
            self._details[one.pk] = {name: value for name, value in about.items() if value} | {"members": []}
        members = Membership.objects.filter(project__in=self._details.keys() & new).order_by("id")
        for pk, person, role in members.values_list("project", "person__username", "role"):
            self._details[pk]["members"].append({"person": person, "role": role})

    def cell(self, pk: int) -> dict[str, Any] | None:
        """What the next row of the project says of it."""
        name = self._names[pk]
        return None if name is None else name | self._details.pop(pk, {})


def labels_of_tasks(ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the labels of each task, in order."""
    found = defaultdict[int, list[tuple[str, str]]](list)
    links = TaskLabel.objects.filter(one_of("task", ids)).order_by()
    for task, key, name in links.values_list("task", "label__name_sort", "label__name"):
        found[task].append((key, name))
    return {task: [name for _, name in sorted(names)] for task, names in found.items()}


def with_comments(rows: Iterable[Record]) -> Iterator[Record]:
    """The rows, each with the comments on its task as the last column: so many at a time that they fit in memory."""
    remaining = iter(rows)
    while batch := list(islice(remaining, CHUNK_ROWS)):
        of_batch = Comment.objects.filter(one_of("task", [row[0] for row in batch])).order_by()
        sizes = dict(of_batch.values_list("task").annotate(Sum("size")))
        if not sizes:
            yield from batch
            continue
        for some in in_parts(batch, partial(_size_in, sizes)):
            comments = _comments([row[0] for row in some if row[0] in sizes])
            for row in some:
                yield (*row[:-1], comments.get(row[0]))


def _size_in(sizes: Mapping[int, int], row: Record) -> int:
    return sizes.get(row[0], 0)


def in_parts(rows: Iterable[Record], size: Callable[[Record], int], most: int = CHUNK_ROWS) -> Iterator[list[Record]]:
    """The rows in lists of at most so many, or fewer that have too many bytes together."""
    part, total = list[Record](), 0
    for row in rows:
        part.append(row)
        total += size(row)
        if total >= MAX_BYTES or len(part) == most:
            yield part
            part, total = [], 0
    if part:
        yield part


def size_of_comments(row: Record) -> int:
    """How many characters the comments of the row have."""
    return sum(len(one["body"]) for one in row[-1]) if row[-1] else 0


def first_that_fit(comments: Sequence[dict[str, Any]], most: int) -> str:
    """The comments as JSON of so many characters, without the last ones if there are too many."""
    whole, length = [], 2
    for one in comments:
        text = orjson.dumps(one).decode()
        length += len(text) + 1
        if length > most:
            break
        whole.append(text)
    return f"[{','.join(whole)}]"


def _comments(tasks: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """The comments on each task, the oldest first."""
    if not tasks:
        return {}
    found = defaultdict[int, list[dict[str, Any]]](list)
    columns = ("task", "body", "author__username", IsoInstant("created_at"), IsoInstant("edited_at"))
    for task, body, author, created_at, edited_at in (
        Comment.objects.filter(one_of("task", tasks)).order_by("id").values_list(*columns)
    ):
        edited = {} if edited_at is None else {"edited_at": edited_at}
        found[task].append({"body": body, "author": author, "created_at": created_at} | edited)
    return found
