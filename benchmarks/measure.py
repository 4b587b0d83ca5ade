"""Times, side by side, and what is said of them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

Act = Callable[[], object]
T = TypeVar("T")


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    tasks: int = 1_000_000
    people: int = 1000
    due: int = 100_000
    chain: int = 10_000
    reminders: int = 10_000
    clients: int = 10_000
    rounds: int = 25
    seconds: float = 5


@dataclass(frozen=True)
class Goal:
    """What must not be exceeded: the `ratio` of two medians, the `median` or `max` in the unit, or `KiB`.

    With `speed` it is what the ratio of two rates must reach.
    """

    of: str
    limit: float
    unit: str = " ms"

    def __str__(self) -> str:
        if self.of == "speed":
            return f"≥ {self.limit:g} ×"
        if self.of in ("ratio", "KiB"):
            return f"≤ {self.limit:g} {'×' if self.of == 'ratio' else self.of}"
        return f"{self.of} < {self.limit:,g}{self.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table. Times are milliseconds, or rates where the unit says so.

    `beside` holds those of what it is compared with.
    """

    what: str
    times: list[float]
    beside: list[float] = field(default_factory=list)
    compared_with: str = ""
    goal: Goal | None = None
    unit: str = ""  # behind the figures, where they are not milliseconds

    @property
    def ratio(self) -> float | None:
        """The median in medians of the other side."""
        return median(self.times) / median(self.beside) if self.beside else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal holds; None where there is none."""
        if self.goal is None:
            return None
        if self.goal.of == "speed":
            return self.ratio is not None and self.ratio >= self.goal.limit
        middle = median(self.times)
        reached = {"ratio": self.ratio, "median": middle, "KiB": middle, "max": max(self.times)}[self.goal.of]
        return reached is not None and reached <= self.goal.limit

    def as_json(self) -> dict[str, Any]:
        """The row as it goes from one process to another."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Row":
        """What `as_json` has made."""
        return cls(**data | {"goal": Goal(**data["goal"]) if data["goal"] else None})


def milliseconds(act: Act) -> float:
    """How long it takes, once."""
    begin = perf_counter()
    act()
    return (perf_counter() - begin) * 1000


def interleaved(acts: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What each says, in turns and in reversed order every other round, after one round that does not count."""
    said: dict[str, list[T]] = {name: [] for name in acts}
    for number in range(rounds + 1):
        for name in acts if number % 2 else reversed(acts):
            said[name].append(acts[name]())
    return {name: numbers[1:] for name, numbers in said.items()}


def rounds_of(acts: list[Act], *, rounds: int) -> list[list[float]]:
    """The times of each, interleaved and in reversed order every other round, after one round that does not count."""
    times: list[list[float]] = [[] for _ in acts]
    for act in acts:
        act()
    for number in range(rounds):
        order = range(len(acts)) if number % 2 else reversed(range(len(acts)))
        for place in order:
            times[place].append(milliseconds(acts[place]))
    return times
