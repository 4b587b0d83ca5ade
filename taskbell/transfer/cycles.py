"""Cycles of prerequisites between the rows of a file."""

from array import array
from collections.abc import Iterable, Iterator


def cycles(links: Iterable[tuple[int, int]], rows: int) -> Iterator[list[int]]:
    """One cycle for each connected part of the graph that has any. Links are (needed, waiting), ordered by the first.

    Every row on a cycle, and every row blocked by one, is blocked by a row of a returned cycle. Rows are numbered
    from 1. Memory: twelve bytes a row and four a link.
    """
    followers, starts, waits = _graph(links, rows)
    _finish(followers, starts, waits)
    yield from _round_trips(_reasons(followers, starts, waits))


def in_order(links: Iterable[tuple[int, int]], rows: int) -> "array[int]":
    """The rows that are on no cycle and not blocked by one, each after its prerequisites; the links as for `cycles`."""
    return _finish(*_graph(links, rows))


def _graph(links: Iterable[tuple[int, int]], rows: int) -> tuple["array[int]", "array[int]", "array[int]"]:
    """The rows that each row blocks, where they begin for each row, and how many rows block it."""
    followers, starts, waits = array("i"), array("i", bytes(4 * (rows + 2))), array("i", bytes(4 * (rows + 1)))
    for needed, waiting in links:
        followers.append(waiting)
        starts[needed + 1] += 1
        waits[waiting] += 1
    for number in range(1, rows + 2):
        starts[number] += starts[number - 1]
    return followers, starts, waits


def _finish(followers: "array[int]", starts: "array[int]", waits: "array[int]") -> "array[int]":
    """Completes every task whose prerequisites are complete, until no task is left that can be (Kahn, 1962)."""
    free = array("i", (number for number in range(1, len(waits)) if not waits[number]))
    for number in free:  # which grows meanwhile
        for follower in followers[starts[number] : starts[number + 1]]:
            waits[follower] -= 1
            if not waits[follower]:
                free.append(follower)
    return free


def _reasons(followers: "array[int]", starts: "array[int]", waits: "array[int]") -> dict[int, int]:
    """For each row that can never be completed, a prerequisite that can't be either."""
    never = (number for number in range(1, len(waits)) if waits[number])
    return {follower: number for number in never for follower in followers[starts[number] : starts[number + 1]]}


def _round_trips(reasons: dict[int, int]) -> Iterator[list[int]]:
    seen: dict[int, int] = {}
    for start in reasons:
        here = start
        while here not in seen:
            seen[here] = start
            here = reasons[here]
        if seen[here] == start:
            path = [here]
            while reasons[path[-1]] != here:
                path.append(reasons[path[-1]])
            yield [*path, here]
