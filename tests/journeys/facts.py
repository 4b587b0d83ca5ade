"""What lists must show: an oracle that knows what was acknowledged, and asks nobody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Rows = dict[int, dict[str, Any]]
LIST, DONE, BLOCKED, BY_REMINDER = (
    f"/api/tasks/?page_size=200&{query}"
    for query in ("ordering=id", "status=COMPLETED", "blocked=true", "ordering=remind_at")
)
NOT_THERE = "no such row"
PROJECTS, INSIGHTS = "/api/projects/?page_size=200", "/api/reports/insights/?by_project=true&"


@dataclass
class Fact:
    """One thing that a list shows to some people. One writer at a time changes it.

    `values` are all that it ever was or was asked to be; the one at `acknowledged` is known to be in force.
    """

    path: str
    readers: tuple[str, ...]
    look: Callable[[Rows], Any]
    values: list[Any] = field(default_factory=list)
    acknowledged: int = 0

    def may_become(self, value: Any) -> None:
        """Somebody asks for it now; from here on it may be seen."""
        self.values.append(value)

    def is_acknowledged(self) -> None:
        """From here on, nothing older may be seen."""
        self.acknowledged = len(self.values) - 1

    def lie_in(self, rows: Rows, since: int) -> str | None:
        """What is wrong with these rows, that were asked for when this many values were out of date."""
        seen, allowed = self.look(rows), self.values[since:]
        return None if seen in allowed else f"{self.path} shows {seen!r} instead of {allowed!r}"


@contextmanager
def becomes(*changes: tuple[Fact, Any]) -> Iterator[None]:
    """What is asked for inside may be seen from now on, and must be seen after it."""
    for fact, value in changes:
        fact.may_become(value)
    yield
    for fact, _ in changes:
        fact.is_acknowledged()


class Oracle:
    """All facts, by who reads what."""

    def __init__(self) -> None:
        self._facts: dict[tuple[str, str], list[Fact]] = {}

    def fact(self, first: Any, path: str, readers: tuple[str, ...], look: Callable[[Rows], Any]) -> Fact:
        """A new one, which is in force."""
        fact = Fact(path, readers, look, [first])
        for reader in readers:
            self._facts.setdefault((reader, path), []).append(fact)
        return fact

    def is_there(self, task: int, first: bool, path: str, *readers: str) -> Fact:
        """Whether the list has the task."""
        return self.fact(first, path, readers, lambda rows: task in rows)

    def field(self, task: int, name: str, first: Any, *readers: str, path: str = LIST) -> Fact:
        """What the list says of the task."""
        return self.fact(first, path, readers, lambda rows: rows[task][name] if task in rows else NOT_THERE)

    def before(self, reader: str, path: str) -> list[tuple[Fact, int]]:
        """To be remembered when the question goes out."""
        return [(fact, fact.acknowledged) for fact in self._facts.get((reader, path), ())]


def lies(rows: Rows, before: list[tuple[Fact, int]]) -> list[str]:
    """What the answer says that was over before it was asked for."""
    return [lie for fact, since in before if (lie := fact.lie_in(rows, since))]


def rows_of(path: str, body: dict[str, Any]) -> Rows:
    """The rows of a list by their ids; a report is one row."""
    return {0: body} if path == INSIGHTS else {row["id"]: row for row in body["results"]}


def reworded(path: str, number: int) -> str:
    """The same question in other words for each number."""
    if path == PROJECTS:
        return f"/api/projects/?page_size={200 - number % 100}"
    if path == INSIGHTS:
        return f"{path}priority=LOW,MEDIUM,HIGH,URGENT" + ",LOW" * number
    return path + ("" if "ordering" in path else "&ordering=-id") + ",id" * number
