"""Values of the history in words, for people: names for ids, and times in the reader's zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_duration as parse_old_duration

from taskbell.common.durations import parse_duration
from taskbell.common.rule_words import rule_in_words, rule_with_time
from taskbell.common.wording import in_words
from taskbell.tasks.kinds import OVERDUE, Basis, Priority, Stage
from taskbell.tasks.names import Names

LABELS = {
    "pre_tasks": "Blocked by",
    "recurrence": "Repeats",
    "recurrence_from": "Repeats from",
    "timezone": "Time zone",
    "own_reminders": "Personal reminders",
    "next_task": "Next occurrence",
    "is_blocked": "Blocked",
}
NOTHING = {
    "assigned_to": "nobody",
    "due_date": "no date",
    "due_time": "no time",
    "recurrence": "does not repeat",
    "description": "no description",
    "pre_tasks": "nothing",
    "labels": "no labels",
} | dict.fromkeys(("own_reminders", "reminder", "next_task", "people"), "")
BASES = {Basis.DUE: "the due date", Basis.COMPLETION: "the completion"}


def label_of(field: str) -> str:
    """The name of the field in words, as in the title of a row."""
    return LABELS.get(field, field.replace("_", " ").capitalize())


def before_due_in_words(text: str) -> str:
    """A duration before the due date: "1 day before due". Old entries hold the text of a timedelta."""
    try:
        words = parse_duration(text).words
    except ValueError:
        length = parse_old_duration(text) or timedelta()
        minutes, seconds = divmod(length.seconds, 60)
        words = parse_duration(f"P{length.days}DT{minutes // 60}H{minutes % 60}M{seconds}S").words
    return f"{words} before due" if words else "when due"


@dataclass(frozen=True)
class Wording:
    """Puts values in words for one reader."""

    names: Names
    zone: ZoneInfo

    def words(self, field: str, value: Any) -> str:
        """The value of the field in words."""
        if not field:
            return self._fields(value) if isinstance(value, dict) else ""
        if value is None or value in ("", []):
            return NOTHING.get(field, "none")
        write = READERS.get(field)
        return write(self, value) if write else str(value)

    def _fields(self, snapshot: dict[str, Any]) -> str:
        """A line for each field that has a value."""
        shown = {name: value for name, value in snapshot.items() if value not in (None, "", []) and name != "stage"}
        if "recurrence" not in shown:
            shown.pop("recurrence_from", None)
        return "\n".join(f"{label_of(name)}: {self.words(name, value)}" for name, value in shown.items())

    def moment(self, text: str) -> str:
        """An instant in the reader's time zone."""
        return in_words(datetime.fromisoformat(text).astimezone(self.zone), "l, j F Y, H:i")

    def _task(self, pk: int) -> str:
        return f"“{self.names.tasks[pk]}”" if pk in self.names.tasks else "a task that you can't see"

    def _person(self, pk: int) -> str:
        return self.names.people.get(pk, "a deleted person")

    def _reminder(self, text: str) -> str:
        """A reminder as written by `reminders/actions.py:describe`."""
        when, _, last = text.rpartition(" ")
        plan, rule = (when, last) if "=" in last else (text, "")
        if plan.endswith(" before due"):
            first, then = before_due_in_words(plan.removesuffix(" before due")), rule_in_words(rule)
        else:
            first, then = self.moment(plan), rule_with_time(rule, datetime.fromisoformat(plan).astimezone(self.zone))
        return f"{first}, then {then}" if rule else first


READERS: dict[str, Callable[[Wording, Any], str]] = {
    **dict.fromkeys(
        ("status", "stage"), lambda _, value: "Overdue" if value == OVERDUE else str(Stage(value).label).capitalize()
    ),
    "priority": lambda _, value: str(Priority[value].label),
    "category": lambda wording, pk: wording.names.categories.get(pk, "a deleted category"),
    **dict.fromkeys(("assigned_to", "author"), Wording._person),
    "project": lambda wording, pk: wording.names.projects.get(pk, "a project that you can't see"),
    "people": lambda wording, ids: ", ".join(map(wording._person, ids)),
    "due_date": lambda _, value: in_words(date.fromisoformat(value), "l, j F Y"),
    "due_time": lambda _, value: in_words(time.fromisoformat(value), "H:i"),
    "recurrence": lambda _, value: rule_in_words(value),
    "recurrence_from": lambda _, value: BASES[value],
    "pre_tasks": lambda wording, ids: ", ".join(map(wording._task, ids)),
    "labels": lambda _, names: ", ".join(names),
    "next_task": Wording._task,
    "reminders": lambda wording, described: "; ".join(map(wording._reminder, described)),
    "reminder": Wording.moment,
    "is_blocked": lambda _, value: "yes" if value else "no",
}
