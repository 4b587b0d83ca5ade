"""A line as words. Quoted, escaped and refused words keep what they say: nothing is read in them."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from taskbell.common.folding import fold

QUOTES = '"“”„‟«»'
MARKS = "#+*@"  # a quoted name can follow them
WORD = re.compile(r"\S+")
CLOSING = re.compile(rf"[{QUOTES}](?=[,;.:!?)]?(?!\S))")
KEPT, TAKEN = "\x00", "\x01"  # what stands for a word that is not read, and for one that was
Span = tuple[int, int]


@dataclass(frozen=True)
class Word:
    """A word of the line: its place, how a title shows it, and its folded text; KEPT if nothing is read in it."""

    start: int
    end: int
    shown: str
    key: str


class Line:
    """The words of a line, which phrases take from left to right. Each word is taken once."""

    def __init__(self, typed: str, refused: Iterable[Span] = ()) -> None:
        self.typed = typed
        self.words = list(_words(typed, sorted(refused)))
        self.taken: set[int] = set()
        self._fold()

    def _fold(self) -> None:
        """Sets the text that phrases are matched with: one space between the folded words that are left."""
        keys = [TAKEN if place in self.taken else word.key for place, word in enumerate(self.words)]
        self.text, self.starts, at = " ".join(keys), [], 0
        for key in keys:
            self.starts.append(at)
            at += len(key) + 1

    def free(self) -> Iterator[tuple[int, Word]]:
        """The words in which something can still be read, with their places."""
        return ((place, word) for place, word in enumerate(self.words) if word.key != KEPT and place not in self.taken)

    def take(self, start: int, end: int) -> Span:
        """Takes the words from one place in the text to another. Returns where they are in the line, as typed."""
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1) - 1
        self.take_words(range(first, last + 1))
        return self.words[first].start, self.words[last].end

    def take_words(self, places: Iterable[int]) -> None:
        """Takes these words."""
        self.taken.update(places)
        self._fold()

    def is_at_end(self, end: int) -> bool:
        """True if everything after this place in the text has been read."""
        return not self.text[end:].strip(f" ,;.{TAKEN}")

    @property
    def title(self) -> str:
        """The words that are left, in their order."""
        left = [word.shown for place, word in enumerate(self.words) if place not in self.taken]
        title = " ".join(left)
        return title.rstrip(" ,;") if len(self.words) - 1 in self.taken else title


def _words(typed: str, refused: list[Span]) -> Iterator[Word]:
    closings = [found.start() for found in CLOSING.finditer(typed)]
    at = 0
    while found := WORD.search(typed, at):
        start = found.start()
        at, shown, is_kept = _word(typed, start, found.end(), closings)
        while refused and refused[0][1] <= start:
            refused = refused[1:]
        is_refused = bool(refused) and refused[0][0] < at
        yield Word(start, at, shown, KEPT if is_kept or is_refused else fold(typed[start:at]).replace(" ", ""))


def _word(typed: str, start: int, end: int, closings: list[int]) -> tuple[int, str, bool]:
    """Where the word ends, how a title shows it, and whether it is kept as it is."""
    if typed[start] == "\\" and end - start > 1:
        return end, typed[start + 1 : end], True
    opening = start + (typed[start] in MARKS)
    place = bisect_right(closings, opening)
    if typed[opening : opening + 1] in tuple(QUOTES) and place < len(closings):
        closing = closings[place]
        rest = WORD.match(typed, closing)
        end = rest.end() if rest else closing + 1
        if opening == start:
            return end, typed[start + 1 : closing] + typed[closing + 1 : end], True
        return end, typed[start:end], False
    return end, typed[start:end], False
