"""What readers of other programs' files have in common."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.recurrence import from_other_program
from taskbell.common.text import folded, printable
from taskbell.common.values import BadValue
from taskbell.common.wording import grouped
from taskbell.tasks.validation import MAX_DESCRIPTION
from taskbell.transfer.fitting import shown
from taskbell.transfer.reading import Notice, Row, Unreadable, json_values

MAX_FILE_CHARACTERS = 64 * 1024 * 1024  # of one JSON value, which may be the whole file
MAX_ROWS = 100_000  # of a file whose rows are all in memory: the last may be below the first
MAX_CALLED = 100  # characters of a name
LENIENT = frozenset(
    {
        *("title", "assigned_to", "created_at", "completed_at", "recurrence", "category", "reminders"),
        *("project", "labels", "comments"),
    }
)
TASK, CARD = gettext_noop("Task %(name)s"), gettext_noop("Card %(name)s")
INBOX = ("inbox",)  # what the list is called in which tasks begin
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError)
Members = dict[str, Any]
Read = tuple[Members, Members]  # the cells of a task, and what they lack


@dataclass(frozen=True)
class Program:
    """What the tasks of another program have in common.

    `key` is the member with the id, `text` the one whose text can be wrong, and the `known` members need no notice.
    `column` and `wrong` are the error of a record that is no task of the program's.
    """

    source: str
    wrong: str
    known: Collection[str]
    column: str = ""
    key: str = "id"
    text: str = "description"
    kind: str = TASK
    lenient: Collection[str] = LENIENT

    def row(self, line: int, record: Any, read: Callable[..., Read], *about: Any) -> Row:
        """The record as a row. In the cells, `pre_tasks` are ids of the program."""
        called = name_of(self.kind, record)
        try:
            cells, lost = read(record, *about)
            pk = record[self.key]
            names = {number_of(needed): needed for needed in cells.get("pre_tasks", ())}
            cells |= {"id": number_of(pk)} | ({"pre_tasks": list(names)} if names else {})
            unknown = {name: value for name, value in record.items() if name not in self.known}
            notices = [*notices_of(line, unknown | lost), *_cut_description(line, cells)]
        except BadValue as error:
            column = "timezone" if error.code == "unknown_zone" else self.text
            return Row.wrong(line, column, error.code, str(error), called=called)
        except MALFORMED:
            return Row.wrong(line, self.column, "invalid", _(self.wrong), called=called)
        return Row(line, cells, None, called, self.source, pk, notices, names, self.lenient)


def iso(moment: datetime | None) -> str | None:
    """The moment as the columns read it."""
    return None if moment is None else moment.isoformat()


def number_of(name: str) -> int:
    """A number that stands for an id of another program."""
    return int.from_bytes(hashlib.sha256(name.encode(errors="replace")).digest()[:7]) + 1


def one_value(stream: IO[bytes]) -> tuple[int, Any]:
    """The file's one JSON value, and its line. Raises Unreadable."""
    values = json_values(stream, longest=MAX_FILE_CHARACTERS)
    found = next(values, None)
    if found is None:
        raise Unreadable(1, _("Must be JSON."))
    if further := next(values, None):
        raise Unreadable(further[0], _("Must be one JSON value, not several. Import each of them as its own file."))
    return found


def notices_of(line: int, record: Mapping[str, Any]) -> list[Notice]:
    """A notice for each value, unless it is empty, false or zero."""
    return [
        Notice(
            line,
            name,
            _("%(name)s can't be imported: %(value)s.") % {"name": name, "value": shown(one).removesuffix(".")},
        )
        for name, value in record.items()
        for one in (value if isinstance(value, list) else [value])
        if one not in (None, "", False, 0, {}, [])
    ]


def name_of(kind: str, record: Any) -> str:
    """How messages call a task: by its name alone."""
    if not isinstance(record, dict):
        return _(kind) % {"name": shown(record)}
    names = (printable(shown(record.get(name) or "")) for name in ("name", "title", "Title", "description"))
    return _(kind) % {"name": next(filter(None, names), _("without a title"))[:MAX_CALLED]}


def deleted_there(line: int, column: str, task: Any) -> Notice:
    """The notice of a task that the program itself calls deleted."""
    said = _("%(task)s is not imported, because it was deleted there.") % {"task": name_of(TASK, task)}
    return Notice(line, column, said)


def too_many_tasks(line: int) -> Unreadable:
    """The refusal of a file with more than MAX_ROWS tasks."""
    return Unreadable(line, _("A file can have at most %(most)s tasks.") % {"most": grouped(MAX_ROWS)})


def rule_of(text: str, due: datetime | None, *, skip: str = "OMIT") -> str:
    """The rule as we store it, by what the program does in a month that lacks the day (`from_other_program`).

    The importer's zone decides which day the instant is, so the days beside it count as well. Text that isn't a
    rule is returned as it is, so that it becomes a notice.
    """
    near = [(due + timedelta(days=days)).date() for days in (-1, 0, 1)] if due else []
    try:
        return from_other_program(text, max(near, key=lambda day: day.day, default=None), skip=skip)
    except ValueError:
        return text


def project_of(name: Any, pk: Any = None, *, inbox: Collection[str] = INBOX, **more: Any) -> Members | None:
    """The project as its column reads it. None, which is the Inbox, for the list that is one there."""
    if not name or (isinstance(name, str) and folded(name) in inbox):
        return None
    own = {"id": str(pk)} if isinstance(pk, int | str) and pk else {}
    return {"name": name} | own | {key: value for key, value in more.items() if value}


def comment_of(body: Any, at: Any = None, *, author: Any = None, edited_at: Any = None) -> Members:
    """The comment as its column reads it."""
    comment = {"body": body, "created_at": at, "author": author, "edited_at": edited_at}
    return {name: value for name, value in comment.items() if value or name == "body"}


def with_checklists(description: str, checklists: Iterable[tuple[str, list[tuple[str, bool]]]]) -> str:
    """The description, followed by checklists in Markdown: each its name, and its items with whether they are done."""
    parts = [description.strip()]
    for name, items in checklists:
        lines = [f"**{name}**", ""] if name else []
        parts.append("\n".join([*lines, *(f"- [{'x' if done else ' '}] {text}" for text, done in items)]))
    return "\n\n".join(part for part in parts if part)


def _cut_description(line: int, cells: Members) -> Iterator[Notice]:
    """Cuts a description that is too long, with a notice."""
    text = cells.get("description")
    if isinstance(text, str) and len(text.strip()) > MAX_DESCRIPTION:
        cells["description"] = text.strip()[:MAX_DESCRIPTION]
        rest = _("Only the first %(most)s of %(text)s characters can be imported.") % {
            "most": grouped(MAX_DESCRIPTION),
            "text": grouped(len(text)),
        }
        yield Notice(line, "description", rest)


def blocked_by_children(rows: Iterable[Row], parents: Mapping[str, str]) -> Iterator[Row]:
    """The rows, each blocked by the rows below it. `parents` has the id of each row's parent, by the row's id."""
    found = list(rows)
    by_id = {row.source_id: row for row in found if row.error is None}
    for child, parent in parents.items():
        if parent in by_id and child in by_id:
            by_id[parent].cells.setdefault("pre_tasks", []).append(number_of(child))
        elif child in by_id:
            row = by_id[child]
            row.notices.append(
                Notice(
                    row.line,
                    "parent",
                    _("Can't be below %(parent)s, because the file doesn't have it.") % {"parent": shown(parent)},
                )
            )
    yield from found
