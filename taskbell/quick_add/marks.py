"""Marks: `!high`, `#Category`, `+Project`, `*label`, `@person`, `^12`. Each is one word, or quoted words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.quick_add.known import Known, Thing
from taskbell.quick_add.lines import QUOTES, Line, Word
from taskbell.quick_add.reading import ASSIGNEE, BLOCKED_BY, CATEGORY, LABEL, PRIORITY, PROJECT, Chip, Note
from taskbell.quick_add.words import PRIORITIES

MAX_NAMES = 20  # of one kind in a line; further ones stay in the title
PUNCTUATION = ",;.:!?)"
CANT_CREATE = {
    CATEGORY: gettext_noop("There is no category “{}”, and your role does not let you create one."),
    LABEL: gettext_noop("There is no label “{}”, and your role does not let you create one."),
}


@dataclass(frozen=True)
class Mark:
    """What a first character stands for. A task has `several` labels, but one project."""

    kind: str
    unknown: str
    ambiguous: str = ""
    can_be_new: bool = False
    by_prefix: bool = False
    several: bool = False


MARKS = {
    "#": Mark(CATEGORY, gettext_noop("New category: {}"), can_be_new=True),
    "*": Mark(LABEL, gettext_noop("New label: {}"), can_be_new=True, several=True),
    "+": Mark(
        PROJECT, gettext_noop("You have no project “{}”."), gettext_noop("Several projects match “{}”."), by_prefix=True
    ),
    "@": Mark(
        ASSIGNEE,
        gettext_noop("Nobody here is called “{}”."),
        gettext_noop("Several people match “{}”."),
        by_prefix=True,
    ),
    "^": Mark(BLOCKED_BY, gettext_noop("There is no task {}."), several=True),
}
"""Digits alone are not a name, except that of a task."""


@dataclass(frozen=True)
class Named:
    """A word that names something."""

    place: int
    mark: Mark
    name: str


def names_in(line: Line) -> dict[str, list[str]]:
    """What the line names, by kind, so that it can be looked up before the line is read."""
    names: dict[str, list[str]] = {}
    for named in _named(line):
        names.setdefault(named.mark.kind, []).append(named.name)
    return names


def take_marks(line: Line, known: Known) -> tuple[list[tuple[Chip, Thing]], list[Note]]:
    """Takes the marks from the line, leftmost first, and says what is wrong with others."""
    found: list[tuple[Chip, Thing]] = []
    notes, places = [], []
    for named in _named(line):
        word, kind = line.words[named.place], named.mark.kind
        if not named.mark.several and any(chip.kind == kind for chip, _thing in found):
            continue
        thing, note = _thing(named, known)
        span, typed = (word.start, word.end), line.typed[word.start : word.end]
        if thing is None:
            notes.append(Note(kind, span, typed, note))
        else:
            found.append((Chip(kind, span, typed, thing.title or thing.name, thing.id, note), thing))
            places.append(named.place)
    line.take_words(places)
    return found, notes


def take_priority(line: Line) -> Chip | None:
    """Takes the leftmost priority from the line."""
    for place, word in line.free():
        name = PRIORITIES.get(word.key[1:]) if word.key.startswith("!") else None
        if name:
            line.take_words([place])
            return Chip(PRIORITY, (word.start, word.end), line.typed[word.start : word.end], name)
    return None


def _thing(named: Named, known: Known) -> tuple[Thing | None, str]:
    """What the word names, and what there is to say about it."""
    mark, name = named.mark, named.name
    found = known.find(mark.kind, name, by_prefix=mark.by_prefix)
    if len(found) == 1:
        return found[0], ""
    if found:
        return None, _(mark.ambiguous).format(name)
    if mark.can_be_new:
        note = mark.unknown if known.may_create else CANT_CREATE[mark.kind]
        return Thing(None, name), _(note).format(name)
    return None, _(mark.unknown).format(name)


def _named(line: Line) -> Iterator[Named]:
    seen: dict[str, int] = {}
    for place, word in line.free():
        mark = MARKS.get(word.shown[0])
        name = _name(word)
        is_number = name.isdecimal()
        if mark and name and is_number is (mark.kind == BLOCKED_BY) and seen.get(mark.kind, 0) < MAX_NAMES:
            seen[mark.kind] = seen.get(mark.kind, 0) + 1
            yield Named(place, mark, name)


def _name(word: Word) -> str:
    """The name after the mark; empty if it shows nothing."""
    name = word.shown[1:].rstrip(PUNCTUATION)
    if name[:1] in tuple(QUOTES):
        name = name[1:-1].strip()
    return name if any(char.isalnum() for char in name) else ""


def unique(things: Sequence[Thing]) -> tuple[Thing, ...]:
    """Each of them once, in their order."""
    return tuple({(thing.id, thing.name): thing for thing in things}.values())
