"""What must hold after every storm, of plain facts: the promises, the database, and the book of the mail server."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import quantiles
from typing import Any

from tests.faults.sink import Entry

# Kinds that the app doesn't show, or that are sent before the copies begin.
HIDDEN = ("summary", "confirm_email", "project_shared")


@dataclass(frozen=True)
class Promise:
    """A reminder that an answer of 2xx has confirmed: who is to be told of which task when."""

    task: int
    title: str
    due_at: datetime
    people: frozenset[int]


@dataclass(frozen=True)
class Notice:
    """Something that a person must have been told, by one message; `task` is None where it is about no task."""

    task: int | None
    person: int
    kind: str


@dataclass(frozen=True)
class Row:
    """A row of the outbox."""

    pk: int
    task: int | None
    person: int | None
    kind: str
    message_id: str
    state: str
    ambiguous: bool
    due_at: datetime
    attempt: int | None = 0
    summary: int | None = None  # the message into which this one was gathered


@dataclass(frozen=True)
class Known:
    """What a person's program knows at the end, from the changes alone, and what the server lists to it."""

    person: int
    copied: dict[int, Any]
    listed: dict[int, Any]
    told: Sequence[int]  # the messages, in the order of their coming
    is_resynced: bool = False  # then it has loaded the tasks again, and does not know of earlier messages


@dataclass
class History:
    """Everything that is known at the end. `tasks` has the titles by id; `unfired` counts due reminders still armed."""

    promises: Sequence[Promise]
    tasks: Sequence[tuple[int, str]]
    rows: Sequence[Row]
    book: Sequence[Entry]
    unfired: int = 0
    notices: Sequence[Notice] = ()
    needless: Container[tuple[int | None, int | None]] = ()  # by task and person: emails with a cause not to be sent
    copies: Sequence[Known] = ()
    healed_at: float = float("inf")  # from then on, only a sender works whose clock is ahead
    doubts: int | None = None  # how many mails the faults can have cut off between dot and answer
    taken: dict[str, list[Entry]] = field(init=False)
    refused: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.taken = defaultdict(list)
        for entry in self.book:
            if entry.fate in ("accepted", "accepted in silence"):
                self.taken[entry.message_id].append(entry)
        self.refused = {entry.message_id for entry in self.book if entry.fate == "refused"}


def complaints(history: History) -> list[str]:
    """Everything that is not as it should be; empty when all is well."""
    checks = (writes, in_app, uninvolved, noticed, lost, doubled, bytes_differ, early, stuck, flags, copied)
    return [complaint for check in checks for complaint in check(history)]


def writes(history: History) -> Iterator[str]:
    """Every acknowledged write is there, once."""
    titles = Counter(title for _, title in history.tasks)
    known = dict(history.tasks)
    for promise in history.promises:
        if known.get(promise.task) != promise.title:
            yield f"lost write: task {promise.task} {promise.title!r}"
        elif titles[promise.title] != 1:
            yield f"doubled write: {promise.title!r} is there {titles[promise.title]} times"


def in_app(history: History) -> Iterator[str]:
    """Every due (reminder, occurrence, person) has exactly one row."""
    rows = Counter((row.task, row.person, row.due_at) for row in history.rows if row.kind == "reminder")
    for promise in history.promises:
        for person in promise.people:
            times = rows[promise.task, person, promise.due_at]
            if times != 1:
                yield f"person {person} was told {times} times in the app of {promise.title!r}"


def uninvolved(history: History) -> Iterator[str]:
    """No reminder was for anybody else: not for somebody who was removed, and not in an archived project."""
    promised = {promise.task: promise for promise in history.promises}
    for row in history.rows:
        if row.kind == "reminder" and (promise := promised.get(row.task or 0)) and row.person not in promise.people:
            yield f"person {row.person} was told of {promise.title!r}, which does not concern them"


def noticed(history: History) -> Iterator[str]:
    """Every comment, mention and membership has told each person concerned once."""
    rows = Counter(Notice(row.task, row.person or 0, row.kind) for row in history.rows)
    for notice, times in Counter(history.notices).items():
        if rows[notice] != times:
            yield f"person {notice.person} was told {rows[notice]} times instead of {times}: {notice}"


def lost(history: History) -> Iterator[str]:
    """Every row that counts as sent was accepted; every other was refused by the mail server, in its own words."""
    summaries = {row.pk: row for row in history.rows if row.kind == "summary"}
    for row in history.rows:
        if row.state == "sent" and row.message_id not in history.taken:
            yield f"lost: {row.message_id} counts as sent and never arrived"
        if row.state == "failed" and row.message_id not in history.refused:
            yield f"lost: {row.message_id} counts as failed and was never refused"
        if row.state == "gathered" and not _has_gone_out(row, summaries.get(row.summary or 0), history):
            yield f"lost: {row.message_id} was gathered into a summary that was not sent"
        if row.state == "cancelled" and (row.task, row.person) not in history.needless:
            yield f"lost: {row.message_id} was cancelled without a cause"


def _has_gone_out(row: Row, summary: Row | None, history: History) -> bool:
    """True if its summary was sent or refused, as `lost` checks, or if neither of them was needed any more."""
    if summary is None or summary.state != "cancelled":
        return summary is not None and summary.state in ("sent", "failed")
    return (row.task, row.person) in history.needless


def doubled(history: History) -> Iterator[str]:
    """Nothing arrived more than once without a flag, and nothing that has no row."""
    flagged = {row.message_id for row in history.rows if row.ambiguous}
    known = {row.message_id for row in history.rows}
    for message_id, entries in history.taken.items():
        if len(entries) > 1 and message_id not in flagged:
            yield f"doubled without a flag: {message_id} arrived {len(entries)} times"
        if message_id not in known:
            yield f"a mail of no row arrived: {message_id}"
    reminders = Counter((row.task, row.person, row.due_at) for row in history.rows if row.kind == "reminder")
    for about, times in reminders.items():
        if times > 1:
            yield f"doubled under {times} Message-IDs: {about}"


def bytes_differ(history: History) -> Iterator[str]:
    """Equal Message-IDs have equal bytes."""
    for message_id, entries in history.taken.items():
        if len({entry.digest for entry in entries}) > 1:
            yield f"two mails under one name: {message_id}"


def early(history: History) -> Iterator[str]:
    """Nothing arrived before its time, unless the last sender sent it, whose clock is ahead."""
    for row in history.rows:
        for entry in history.taken.get(row.message_id, ()):
            if entry.at < min(row.due_at.timestamp(), history.healed_at):
                yield f"early by {row.due_at.timestamp() - entry.at:.3f} s: {row.message_id}"


def stuck(history: History) -> Iterator[str]:
    """Nothing waits any more."""
    for row in history.rows:
        if row.state not in ("sent", "failed", "cancelled", "gathered"):
            yield f"stuck: {row.message_id} is {row.state}"
    if history.unfired:
        yield f"stuck: {history.unfired} due reminders have not fired"


def flags(history: History) -> Iterator[str]:
    """No more mails are flagged than the faults can have put in doubt."""
    flagged = sum(row.ambiguous for row in history.rows)
    if history.doubts is not None and flagged > history.doubts:
        yield f"{flagged} mails are flagged, of {history.doubts} that can have been in doubt"


def copied(history: History) -> Iterator[str]:
    """Who has followed the changes knows what the server shows, and has heard of each message once."""
    for known in history.copies:
        differing = sorted(
            pk for pk in known.copied.keys() | known.listed.keys() if known.copied.get(pk) != known.listed.get(pk)
        )
        if differing:
            yield f"the copy of person {known.person} has other tasks than the server: {differing[:10]}"
        messages = sorted(row.pk for row in history.rows if row.person == known.person and row.kind not in HIDDEN)
        is_whole = set(known.told) <= set(messages) if known.is_resynced else sorted(known.told) == messages
        if not is_whole or len(set(known.told)) < len(known.told):
            yield f"person {known.person} has heard of {len(known.told)} messages, of {len(messages)} that there are"


def lateness(history: History, *, until: float, at_first_attempt: bool = False) -> list[float]:
    """Seconds from due to the first acceptance, of the reminders that came by themselves until then, sorted.

    `at_first_attempt`: only of those that no mail server refused, dropped or left in doubt.
    """
    first = {message_id: min(entry.at for entry in entries) for message_id, entries in history.taken.items()}
    reminders = (row for row in history.rows if row.kind == "reminder" and row.message_id in first)
    came = (row for row in reminders if first[row.message_id] <= until and not (at_first_attempt and row.attempt))
    return sorted(first[row.message_id] - row.due_at.timestamp() for row in came)


def spread(times: Iterable[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and maximum."""
    values = sorted(times)
    if len(values) < 2:
        return (values or [0.0])[0], (values or [0.0])[0], (values or [0.0])[0]
    percentiles = quantiles(values, n=100, method="inclusive")
    return percentiles[49], percentiles[98], values[-1]
