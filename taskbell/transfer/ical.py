"""To-dos of a calendar (RFC 5545 §3.6.2, relations of RFC 9253)."""

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from taskbell.common.clock import EARLIEST, LATEST
from taskbell.common.errors import Invalid
from taskbell.common.text import printable
from taskbell.common.wording import grouped
from taskbell.transfer.foreign import number_of
from taskbell.transfer.ical_cells import cells_of, dates_of, history_of
from taskbell.transfer.ical_lines import DEFAULTS, OF_THE_CALENDAR, Block, CalendarFile, Property, property_of
from taskbell.transfer.ical_own import identity_of, take_own
from taskbell.transfer.ical_repeats import Override, override_of, repetition_of
from taskbell.transfer.ical_todo import Todo
from taskbell.transfer.ical_zones import Zones
from taskbell.transfer.reading import MAX_ROW_CHARACTERS, Notice, Remark, Row, Unreadable

MAX_TODOS = 100_000  # their lines are in memory at once: the last may be a child of the first
OUT_OF_RANGE = gettext_noop("Must have dates between %(earliest)s and %(latest)s.")
LENIENT = ("title", "category", "created_at", "completed_at", "project", "labels", "comments")
# A title from our own export always fits.
LENIENT_OF_OURS = ("created_at", "completed_at", "project", "labels", "comments")


@dataclass
class Index:
    """What each to-do needs to know about the others: which share a UID, and which are children of which."""

    blocks: list[Block] = field(default_factory=list)
    groups: dict[str, "array[int]"] = field(default_factory=lambda: defaultdict(lambda: array("L")))
    twins: Counter[str] = field(default_factory=Counter)
    children: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, block: Block) -> None:
        """Adds a to-do. Without a UID, its lines identify it, so that a second import recognises it."""
        own = _own_lines(block)
        key = next((one.text for one in own if one.name == "UID"), "") or self._key_by_lines(block)
        self.groups[key].append(len(self.blocks))
        self.blocks.append(block)
        for one in own:
            if one.name == "RELATED-TO" and one.param("RELTYPE", "PARENT") == "PARENT":
                self.children[one.text].append(key)

    def _key_by_lines(self, block: Block) -> str:
        key = hashlib.sha256(block.text.encode(errors="surrogatepass")).hexdigest()
        self.twins[key] += 1
        return key if self.twins[key] == 1 else f"{key}/{self.twins[key]}"


def _own_lines(block: Block) -> list[Property]:
    """UID and relations of the to-do itself."""
    lines, depth = [], 0
    for line in block.text.split("\n"):
        start = line[:10].upper()
        depth += start.startswith("BEGIN:") - start.startswith("END:")
        if depth <= 0 and start.startswith(("UID", "RELATED-TO")):
            lines.append(property_of(line))
    return lines


def ical_rows(stream: IO[bytes], zone: str = "UTC") -> Iterator[Row | Notice]:
    """The to-dos as rows: each is blocked by its children and by what it depends on."""
    file, zones, index = CalendarFile(stream), Zones(zone), Index()
    for block in file.blocks("VTODO", "VTIMEZONE"):  # all of them: a zone may be defined below its to-dos
        if block.name == "VTIMEZONE":
            zones.define(block)
            continue
        if len(index.blocks) == MAX_TODOS:
            raise Unreadable(
                block.line, _("A calendar can have at most %(most)s to-dos.") % {"most": grouped(MAX_TODOS)}
            )
        index.add(block)
    _check_has_todos(file, index)
    yield from _about(file)
    for key, numbers in index.groups.items():
        yield from _rows_of(key, [index.blocks[number] for number in numbers], index, zones)


def _check_has_todos(file: CalendarFile, index: Index) -> None:
    if not file.has_begun:
        raise Unreadable(1, _("Must be a calendar, which begins with BEGIN:VCALENDAR."))
    if file.others and not index.blocks:
        others = ", ".join(f"{grouped(number)} {name}" for name, number in file.others.items())
        raise Unreadable(
            1, _("This calendar has no to-dos (VTODO), only %(others)s.") % {"others": printable(others)[:200]}
        )


def _about(file: CalendarFile) -> Iterator[Notice]:
    """Notices about everything in the file that isn't a to-do."""
    if file.recoded:
        yield Remark(file.recoded, "", _("Read as Windows-1252, because it isn't UTF-8."))
    for name, number in file.others.items():
        said = ngettext(
            "%(number)s %(name)s isn't imported: only to-dos (VTODO) become tasks.",
            "%(number)s %(name)s aren't imported: only to-dos (VTODO) become tasks.",
            number,
        )
        yield Notice(1, name[:50], said % {"number": grouped(number), "name": printable(name)[:50]})
    for one in file.properties:
        if one.name not in OF_THE_CALENDAR and (one.name, one.text.upper()) not in DEFAULTS:
            yield Notice(
                1,
                one.name[:50],
                _("%(name)s of the calendar isn't imported: %(shown)s") % {"name": one.name, "shown": one.shown},
            )


def _rows_of(key: str, blocks: list[Block], index: Index, zones: Zones) -> Iterator[Row]:
    """The to-dos with this UID: normally one, with the occurrences that differ from its rule."""
    masters, overrides = list[Todo](), list[Override]()
    for block in blocks:
        todo = Todo(block, block.parse(), zones)
        override = override_of(todo)
        if override is None:
            masters.append(todo)
        else:
            overrides.append(override)
    for number, revisions in enumerate(_by_title(masters), start=1):
        newest = max(revisions, key=_revision)
        for older in revisions:
            if older is not newest:
                newest.note(
                    "UID",
                    _("Line %(line)s has the same to-do. Only its newest version is imported.") % {"line": older.line},
                )
        yield from _rows(newest, key, number, overrides if number == 1 else [], index)
    if not masters:
        for number, one in enumerate(overrides, start=1):
            one.todo.note(
                "RECURRENCE-ID", _("RECURRENCE-ID isn't imported: the file doesn't have the to-do that repeats.")
            )
            yield from _rows(one.todo, key, number, [], index)


def _by_title(todos: list[Todo]) -> list[list[Todo]]:
    """Some programs give several to-dos one UID: only those with the same title are revisions of one another."""
    groups = defaultdict[str, list[Todo]](list)
    for todo in todos:
        groups[todo.component.text_of("SUMMARY")].append(todo)
    return list(groups.values())


def _revision(todo: Todo) -> tuple[int, str]:
    sequence, modified = todo.component.text_of("SEQUENCE"), todo.component.text_of("LAST-MODIFIED")
    return int(sequence[:9]) if sequence.isascii() and sequence.isdigit() else 0, modified


def _rows(todo: Todo, key: str, number: int, overrides: list[Override], index: Index) -> Iterator[Row]:
    """The row of a to-do, and those of its completed occurrences. Of several with one UID, the first keeps it."""
    key = key if number == 1 else f"{key}/{number}"
    if number > 1:
        todo.note(
            "UID", _("Another to-do has the same UID. This one is imported as %(key)s.") % {"key": printable(key)[:100]}
        )
    wrong = _unreadable(todo.block)
    if wrong:
        yield Row.wrong(todo.line, "", "invalid", wrong, called=todo.called)
        return
    needs = {number_of(uid): uid for uid in _relations(todo, key, index)}
    own = take_own(todo.component)
    source, source_id = own.get("source"), own.get("source_id")
    identity = (source, source_id) if source and source_id else identity_of(key)
    try:
        start, due = dates_of(todo, must_be_right=bool(todo.component.text_of("RRULE")))
        found = repetition_of(todo, start, due, overrides, own)
        cells = cells_of(todo, found, own)
        history = list(history_of(found, cells, series=number_of(key)))
    except Invalid as error:
        first = error.errors[0]
        yield Row.wrong(todo.line, first.field, first.code, first.message, called=todo.called)
        return
    except OverflowError:  # of a date far beyond those that tasks can have
        yield Row.wrong(
            todo.line,
            "due_date",
            "out_of_range",
            _(OUT_OF_RANGE) % {"earliest": EARLIEST, "latest": LATEST},
            called=todo.called,
        )
        return
    for one, completed in history:
        part = f"{key}/{completed['occurrence']}"
        yield _row(one, completed | {"id": number_of(part)}, identity_of(part), {}, LENIENT)
    cells |= {"id": number_of(key), "pre_tasks": list(needs)} | ({"series": number_of(key)} if history else {})
    yield _row(todo, cells, identity, needs, LENIENT_OF_OURS if own else LENIENT)


def _row(
    todo: Todo, cells: dict[str, Any], identity: tuple[str, str], needs: dict[int, str], lenient: tuple[str, ...]
) -> Row:
    todo.note_rest()
    names = {found: f"UID {printable(uid)[:50]}" for found, uid in needs.items()}
    return Row(todo.line, cells, None, todo.called, *identity, todo.notices, names, lenient)


def _unreadable(block: Block) -> str | None:
    if block.is_cut:
        return _("The file ends within this to-do (END:VTODO is missing), so it may be incomplete. Export it again.")
    if block.is_too_long:
        return _("Must have at most %(most)s characters.") % {"most": grouped(MAX_ROW_CHARACTERS)}
    return None


def _relations(todo: Todo, key: str, index: Index) -> list[str]:
    """The UIDs of the tasks that this one is blocked by."""
    needs = list(index.children.get(key, ()))
    for one in todo.component.take("RELATED-TO"):
        kind = one.param("RELTYPE", "PARENT")
        if kind in ("CHILD", "DEPENDS-ON"):
            needs.append(one.text)
        elif kind == "PARENT" and one.text in index.groups:
            continue  # the parent is blocked by this one
        elif kind == "PARENT":
            todo.note(
                "pre_tasks",
                _("The parent isn't in the file, so this task blocks nothing: %(shown)s") % {"shown": one.shown},
            )
        else:
            todo.note(
                "RELATED-TO",
                _("A relation (%(kind)s) isn't imported: %(shown)s") % {"kind": f"{kind:.50}", "shown": one.shown},
            )
    return list(dict.fromkeys(needs))
