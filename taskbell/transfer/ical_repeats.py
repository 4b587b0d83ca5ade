"""To-dos that repeat become one task, at the first occurrence that is still open (RFC 5545 §3.8.4.4, §3.8.5)."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.errors import invalid
from taskbell.common.recurrence import MAX_COUNT, WEEKDAYS, Rule, from_other_program, parse_rule
from taskbell.common.values import BadValue
from taskbell.common.wording import grouped
from taskbell.transfer.ical_lines import BOOKKEEPING, Property
from taskbell.transfer.ical_own import OF_A_RULE, rule_for_others
from taskbell.transfer.ical_times import Moment, day_of, due_cells, moment_of, with_zone, zone_of
from taskbell.transfer.ical_todo import Todo

COMPARED_OCCURRENCES = 30
MAX_NOTED = 100  # occurrences of one to-do
MAX_DIFFERENCES = 20  # of one occurrence
CLOSED = ("COMPLETED", "CANCELLED")
OF_EVERY_OCCURRENCE = frozenset(
    ("RECURRENCE-ID", "DTSTART", "DUE", "DURATION", "STATUS", "COMPLETED", "PERCENT-COMPLETE")
)


@dataclass
class Override:
    """An occurrence that has been completed, cancelled, moved or changed."""

    occurrence: Moment
    todo: Todo

    @property
    def is_closed(self) -> bool:
        """Whether it is completed or cancelled."""
        lines = self.todo.component
        if status := lines.text_of("STATUS"):
            return status.upper() in CLOSED
        return lines.text_of("COMPLETED") != "" or lines.text_of("PERCENT-COMPLETE") == "100"

    @property
    def is_completed(self) -> bool:
        """Whether it is completed, so that it is part of the history."""
        return self.is_closed and self.todo.component.text_of("STATUS").upper() != "CANCELLED"

    @property
    def state(self) -> str:
        """What the calendar says of it."""
        said = [one for one in self.todo.component.properties if one.name in ("STATUS", "COMPLETED", "DUE", "DTSTART")]
        return ", ".join(f"{one.name} {one.shown}" for one in said)

    def note_differences(self, master: Todo, day: date) -> None:
        """Notes the lines that the others of the series don't have."""
        usual = {(one.name, one.text) for one in master.component.properties}
        others = [
            one
            for one in self.todo.component.properties
            if one.name not in BOOKKEEPING | OF_EVERY_OCCURRENCE and (one.name, one.text) not in usual
        ]
        for one in others[:MAX_DIFFERENCES]:
            master.note(
                one.name,
                _("%(name)s of the occurrence of %(day)s isn't imported: %(shown)s")
                % {"name": one.name, "day": day, "shown": one.shown},
            )


def override_of(todo: Todo) -> Override | None:
    """The occurrence that the to-do stands for; None if its RECURRENCE-ID can't be read, which is noted."""
    one = todo.component.take_one("RECURRENCE-ID")
    if one is None:
        return None
    try:
        return Override(moment_of(one, todo.zones), todo)
    except BadValue as error:
        todo.note("RECURRENCE-ID", _("RECURRENCE-ID isn't imported. %(error)s") % {"error": error})
        return None


@dataclass
class Repetition:
    """Start and due date of the current occurrence, and the columns of the rule.

    `history` has the completed occurrences before it, each with its number, and its due date by the rule.
    """

    start: Moment | None
    due: Moment | None
    cells: dict[str, Any] = field(default_factory=dict)
    is_over: bool = False
    current: Override | None = None
    history: list[tuple[int, Moment, Override]] = field(default_factory=list)


def repetition_of(
    todo: Todo, start: Moment | None, due: Moment | None, overrides: list[Override], own: Mapping[str, str]
) -> Repetition:
    """How the to-do repeats; `own` are the values that we wrote. Raises Invalid for a rule that tasks can't have."""
    line = todo.component.take_one("RRULE")
    ours = {column: own[column] for column in OF_A_RULE if column in own}
    if ours and _is_unchanged(ours, line):
        return Repetition(None if line else start, due, ours)
    if line is None:
        return Repetition(start, due)
    base, due = with_zone(start or due), with_zone(due or start)
    if base is None or due is None:
        todo.note(
            "recurrence",
            _("RRULE isn't imported, because the to-do has no DTSTART or DUE: %(shown)s") % {"shown": line.shown},
        )
        return Repetition(start, due)
    rule = _rule(line, day_of(base))
    if isinstance(due, datetime) and due.tzinfo and zone_of(due) is None:
        due = due.astimezone(todo.zones.importers)
    if isinstance(base, datetime) and base.tzinfo and isinstance(due, datetime) and due.tzinfo:
        rule, base = _in_zone(todo, rule, base, due.tzinfo)
    text, anchor = _by_due_date(todo, rule, base, day_of(due))
    found = Repetition(base, due, {"recurrence": text})
    _go_to_current(todo, rule, found, overrides)
    if anchor != day_of(due) or found.due != due or found.current or found.history:
        found.cells["anchor_date"] = anchor.isoformat()
    return found


def planned_cells(by_rule: Moment | None, due: Moment | None) -> dict[str, Any]:
    """The columns that say when an occurrence that was moved would be due by its rule."""
    if by_rule is None or by_rule == due:
        return {}
    cells = due_cells(by_rule)
    return {f"planned_{name}": cells[f"due_{name}"] for name in ("date", "time") if f"due_{name}" in cells}


def _is_unchanged(own: Mapping[str, str], line: Property | None) -> bool:
    """Whether no other program has changed the rule since we wrote it."""
    if line is None:
        return True
    try:
        return rule_for_others(own) == line.value.strip()
    except (KeyError, ValueError):
        return False


def _rule(line: Property, start: date) -> Rule:
    text = line.value.strip().strip(";")
    try:
        return parse_rule(from_other_program(text, start))
    except ValueError as error:
        raise invalid("recurrence", "rule", f"RRULE {line.shown}: {error}") from error


def _in_zone(todo: Todo, rule: Rule, start: datetime, zone: tzinfo) -> tuple[Rule, datetime]:
    """Rule and start in the zone: late on Monday in UTC can be early on Tuesday there."""
    there = start.astimezone(zone)
    apart = (there.date() - start.date()).days
    if not apart:
        return rule, there
    if moved := _rule_later_by(rule, start, apart, begin=there):
        return moved, there
    todo.note(
        "recurrence",
        _("The calendar's rule counts days in %(start)s. Taskbell's counts them in %(zone)s: %(text)s")
        % {"start": start.tzname(), "zone": zone, "text": rule.text},
    )
    return rule, there


def _days(rule: Rule, start: Moment, *, since: date | None = None) -> Iterator[date]:
    wall = start if isinstance(start, datetime) else datetime.combine(start, time())
    first = None if since is None else datetime.combine(since, time(), UTC)
    for local, _wall in rule.occurrences(wall.replace(tzinfo=None), zone_of(start) or "UTC", since=first):
        yield local.date()


def _by_due_date(todo: Todo, rule: Rule, start: Moment, due: date) -> tuple[str, date]:
    """The rule for due dates, and the date it counts from. In calendars, rules count from DTSTART."""
    first, span = day_of(start), due - day_of(start)
    days = list(islice(_days(rule, start), 2))
    is_later_occurrence = len(days) > 1 and span >= days[1] - days[0] and _has(rule, start, due)
    if not span or is_later_occurrence:
        return rule.text, first
    if moved := _rule_later_by(rule, start, span.days, begin=due):
        return moved.text, due
    if _has(rule, start, due):
        return rule.text, first
    todo.note(
        "recurrence",
        _("The calendar's rule counts from DTSTART %(first)s. Taskbell's counts from %(due)s: %(text)s")
        % {"first": first, "due": due, "text": rule.text},
    )
    return rule.text, due


def _rule_later_by(rule: Rule, start: Moment, days: int, *, begin: Moment) -> Rule | None:
    """The rule that gives, from `begin`, the same occurrences so many days later; None if there is none."""
    wanted = [day + timedelta(days=days) for day in islice(_days(rule, start), COMPARED_OCCURRENCES)]
    for text in dict.fromkeys((rule.text, _shifted(rule.text, days))):
        with suppress(ValueError):
            moved = parse_rule(text)
            if list(islice(_days(moved, begin), COMPARED_OCCURRENCES)) == wanted:
                return moved
    return None


def _has(rule: Rule, start: Moment, day: date) -> bool:
    return next((found for found in _days(rule, start, since=day) if found >= day), None) == day


def _shifted(text: str, days: int) -> str:
    """The rule with its days moved by so many days, which is right for simple rules only."""
    parts = dict(part.split("=", 1) for part in text.split(";"))
    if "BYDAY" in parts:
        names = parts["BYDAY"].split(",")
        parts["BYDAY"] = ",".join(
            WEEKDAYS[(WEEKDAYS.index(one) + days) % 7] if one in WEEKDAYS else one for one in names
        )
    if "BYMONTHDAY" in parts:
        parts["BYMONTHDAY"] = ",".join(str(int(one) + days) for one in parts["BYMONTHDAY"].split(","))
    if "UNTIL" in parts:
        until = date(int(parts["UNTIL"][:4]), int(parts["UNTIL"][4:6]), int(parts["UNTIL"][6:8]))
        parts["UNTIL"] = f"{until + timedelta(days=days):%Y%m%d}{parts['UNTIL'][8:]}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _go_to_current(todo: Todo, rule: Rule, found: Repetition, overrides: list[Override]) -> None:
    """Moves both dates to the first occurrence that is neither completed nor left out."""
    assert found.start is not None  # noqa: S101 - a rule has one
    first = day_of(found.start)
    by_day = {_day_in_zone_of(found.start, one.occurrence): one for one in overrides}
    left_out = _excluded(todo, found.start)
    closed = left_out | {day for day, one in by_day.items() if one.is_closed}
    assert found.due is not None  # noqa: S101 - as well
    number, current, numbers = 0, first, dict[date, int]()
    for number, current in enumerate(islice(_days(rule, found.start), MAX_COUNT), start=1):
        if current not in closed:
            break
        numbers[current] = number
    else:
        found.is_over = True
    found.current = by_day.pop(current, None)  # the last one, if it is over
    for day in sorted(numbers.keys() & {day for day, one in by_day.items() if one.is_completed}):
        found.history.append((numbers[day], found.due + (day - first), by_day.pop(day)))
    if number > 1:
        found.cells["occurrence"] = number
        found.start += current - first
        found.due += current - first
    _note_others(todo, by_day, {day for day in left_out if day > current})


def _excluded(todo: Todo, start: Moment) -> set[date]:
    days = set()
    for line in todo.component.take("EXDATE"):
        for text in line.texts:
            one = Property("EXDATE", line.params, text, line.is_broken)
            try:
                days.add(_day_in_zone_of(start, moment_of(one, todo.zones)))
            except BadValue as error:
                todo.note("EXDATE", _("EXDATE isn't imported. %(error)s") % {"error": error})
    return days


def _day_in_zone_of(start: Moment, occurrence: Moment) -> date:
    if isinstance(start, datetime) and isinstance(occurrence, datetime) and start.tzinfo and occurrence.tzinfo:
        return occurrence.astimezone(start.tzinfo).date()
    return day_of(occurrence)


def _note_others(todo: Todo, by_day: dict[date, Override], left_out: set[date]) -> None:
    for day, one in islice(sorted(by_day.items()), MAX_NOTED):
        said = _("The occurrence of %(day)s isn't imported: %(state)s.")
        if not one.is_closed:
            said = _("The occurrence of %(day)s isn't imported: %(state)s. In Taskbell it follows the rule.")
        todo.note("RECURRENCE-ID", said % {"day": day, "state": one.state or _("it has no dates")})
        one.note_differences(todo, day)
    if len(by_day) > MAX_NOTED:
        todo.note(
            "RECURRENCE-ID",
            _("%(number)s further occurrences aren't imported.") % {"number": grouped(len(by_day) - MAX_NOTED)},
        )
    for day in sorted(left_out):
        todo.note(
            "EXDATE",
            _("EXDATE isn't imported: the calendar leaves out %(day)s, but Taskbell's rule includes it. Skip it then.")
            % {"day": day},
        )
