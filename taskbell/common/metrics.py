"""Counters and gauges of this process. `reporting.py` adds them up for all processes."""

import os
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

SEPARATOR = "\x1f"  # between the name of a metric, its labels, and what is counted
SUM, NO_BOUND = "sum", "+Inf"

Values = dict[str, float]


class _Process:
    """What this process has counted since the last `take`. A fork begins with nothing."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.values: Values = {}

    def add(self, *amounts: tuple[str, float]) -> None:
        with self.lock:
            for key, amount in amounts:
                self.values[key] = self.values.get(key, 0.0) + amount


_process = _Process()
os.register_at_fork(after_in_child=_process.__init__)  # type: ignore[misc]


def take() -> Values:
    """What was counted since the last call."""
    with _process.lock:
        values, _process.values = _process.values, {}
    return values


def has_counted() -> bool:
    """True if there is something to take."""
    return bool(_process.values)


@dataclass(frozen=True)
class Metric:
    """Something that Prometheus reads, by its name, a sentence, and the names of its labels."""

    name: str
    sentence: str
    labels: tuple[str, ...] = ()

    def key(self, *parts: str) -> str:
        """Where the value is kept for these values of the labels."""
        return SEPARATOR.join((self.name, *parts))


class Counter(Metric):
    """Only ever grows."""

    def add(self, *labels: str, amount: float = 1.0) -> None:
        _process.add((self.key(*labels), amount))


@dataclass(frozen=True)
class Histogram(Metric):
    """How often something took how long; the bounds are seconds."""

    bounds: tuple[float, ...] = ()

    def observe(self, seconds: float, *labels: str) -> None:
        place = bisect_left(self.bounds, seconds)
        bound = str(self.bounds[place]) if place < len(self.bounds) else NO_BOUND
        _process.add((self.key(*labels, bound), 1.0), (self.key(*labels, SUM), seconds))


class Gauge(Metric):
    """A number that each process knows by a function; their sum counts."""

    def read_by(self, function: Callable[[], float]) -> None:
        """From now on, this process answers with what the function returns."""
        _readers[self.name] = function


_readers: dict[str, Callable[[], float]] = {}


def gauges() -> Values:
    """The gauges that this process knows."""
    return {name: read() for name, read in _readers.items()}


def values_of(metric: Metric, values: dict[str, float]) -> dict[tuple[str, ...], Any]:
    """The values of one metric, by their labels and what is counted."""
    start = metric.name + SEPARATOR
    parts = len(metric.labels) + isinstance(metric, Histogram)  # another version may have counted by other labels
    found: dict[tuple[str, ...], Any] = {
        tuple(key.split(SEPARATOR)[1:]): value
        for key, value in values.items()
        if key.startswith(start) and key.count(SEPARATOR) == parts
    }
    if metric.name in values and not parts:
        found[()] = values[metric.name]
    return found
