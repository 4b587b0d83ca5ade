"""Phrases: a pattern of words, and what it means at a moment. A kind is a table of phrases; the leftmost wins."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from taskbell.quick_add.lines import Line, Span
from taskbell.quick_add.moments import Moment

T = TypeVar("T")
END = r"(?=[,;.]?(?!\S))"  # of a phrase: that of a word, perhaps with punctuation


@dataclass(frozen=True)
class Phrase(Generic[T]):
    """A pattern, and what its match means; None if it means nothing.

    A weak one is only read at the end of the line, one with `is_capital` only if it was typed with a capital letter.
    """

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], Moment], T | None]
    is_weak: bool = False
    is_capital: bool = False


@dataclass(frozen=True)
class Found(Generic[T]):
    """What was read, and where it is in the line, as typed."""

    span: Span
    value: T


def take(
    phrases: Sequence[Phrase[T]], line: Line, moment: Moment, *, since: int = 0, weak: bool = False
) -> Found[T] | None:
    """Takes the leftmost phrase from the line; of several at the same word the longest, of these the first.

    `since` is a place in the line, as typed.
    """
    wanted = [phrase for phrase in phrases if phrase.is_weak is weak]
    for place, word in line.free():
        if word.start < since:
            continue
        start = line.starts[place]
        best: tuple[int, T] | None = None
        for phrase in wanted:
            match = phrase.pattern.match(line.text, start)
            if match is None or (best and match.end() <= best[0]) or (weak and not line.is_at_end(match.end())):
                continue
            if phrase.is_capital and not word.shown[0].isupper():
                continue
            value = phrase.read(match, moment)
            best = best if value is None else (match.end(), value)
        if best:
            return Found(line.take(start, best[0]), best[1])
    return None
