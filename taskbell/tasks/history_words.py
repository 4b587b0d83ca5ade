"""Values of the history in words, for people: names for ids, and times in the reader's zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_duration as parse_old_duration
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.durations import parse_duration
from taskbell.common.rule_words import rule_in_words, rule_with_time
from taskbell.common.wording import DAY, DAY_AND_TIME, TIME, in_words
from taskbell.tasks.kinds import PRIORITIES, STATUS_WORDS, Basis
from taskbell.tasks.names import Names

LABELS = {
    "title": gettext_noop("Title"),
    "description": gettext_noop("Description"),
    "stage": gettext_noop("Stage"),
    "status": gettext_noop("Status"),
    "priority": gettext_noop("Priority"),
    "category": gettext_noop("Category"),
    "project": gettext_noop("Project"),
    "labels": gettext_noop("Labels"),
    "assigned_to": gettext_noop("Assigned to"),
    "due_date": gettext_noop("Due date"),
    "due_time": gettext_noop("Due time"),
    "pre_tasks": gettext_noop("Blocked by"),
    "recurrence": gettext_noop("Repeats"),
    "recurrence_from": gettext_noop("Repeats from"),
    "timezone": gettext_noop("Time zone"),
    "reminders": gettext_noop("Reminders"),
    "own_reminders": gettext_noop("Personal reminders"),
    "next_task": gettext_noop("Next occurrence"),
    "is_blocked": gettext_noop("Blocked"),
}
NOTHING = {
    "assigned_to": gettext_noop("nobody"),
    "due_date": gettext_noop("no date"),
    "due_time": gettext_noop("no time"),
    "recurrence": gettext_noop("does not repeat"),
    "description": gettext_noop("no description"),
    "pre_tasks": gettext_noop("nothing"),
    "labels": gettext_noop("no labels"),
} | dict.fromkeys(("own_reminders", "reminder", "next_task", "people"), "")
NONE = gettext_noop("none")
BASES = {Basis.DUE: gettext_noop("the due date"), Basis.COMPLETION: gettext_noop("the completion")}


def label_of(field: str) -> str:
    """The name of the field in words, as in the title of a row."""
    return _(LABELS[field]) if field in LABELS else field.replace("_", " ").capitalize()


def before_due_in_words(text: str) -> str:
    """A duration before the due date: "1 day before due". Old entries hold the text of a timedelta."""
    try:
        words = parse_duration(text).words
    except ValueError:
        length = parse_old_duration(text) or timedelta()
        minutes, seconds = divmod(length.seconds, 60)
        words = parse_duration(f"P{length.days}DT{minutes // 60}H{minutes % 60}M{seconds}S").words
    return _("%(long)s before due") % {"long": words} if words else _("when due")


def quoted(text: str) -> str:
    """The text between the quotation marks of the language."""
    return _("“%(title)s”") % {"title": text}


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
            nothing = NOTHING.get(field, NONE)
            return _(nothing) if nothing else ""
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
        return in_words(datetime.fromisoformat(text).astimezone(self.zone), DAY_AND_TIME)

    def _task(self, pk: int) -> str:
        return quoted(self.names.tasks[pk]) if pk in self.names.tasks else _("a task that you can't see")

    def _person(self, pk: int) -> str:
        return self.names.people.get(pk, _("a deleted person"))

    def _reminder(self, text: str) -> str:
        """A reminder as written by `reminders/actions.py:describe`."""
        when, _space, last = text.rpartition(" ")
        plan, rule = (when, last) if "=" in last else (text, "")
        if plan.endswith(" before due"):
            first, then = before_due_in_words(plan.removesuffix(" before due")), rule_in_words(rule)
        else:
            first, then = self.moment(plan), rule_with_time(rule, datetime.fromisoformat(plan).astimezone(self.zone))
        return _("%(first)s, then %(then)s") % {"first": first, "then": then} if rule else first


READERS: dict[str, Callable[[Wording, Any], str]] = {
    **dict.fromkeys(("status", "stage"), lambda _wording, value: str(STATUS_WORDS[value])),
    "priority": lambda _wording, value: str(PRIORITIES[value]),
    "category": lambda wording, pk: wording.names.categories.get(pk, _("a deleted category")),
    **dict.fromkeys(("assigned_to", "author"), Wording._person),
    "project": lambda wording, pk: wording.names.projects.get(pk, _("a project that you can't see")),
    "people": lambda wording, ids: ", ".join(map(wording._person, ids)),
    "due_date": lambda _wording, value: in_words(date.fromisoformat(value), DAY),
    "due_time": lambda _wording, value: in_words(time.fromisoformat(value), TIME),
    "recurrence": lambda _wording, value: rule_in_words(value),
    "recurrence_from": lambda _wording, value: _(BASES[value]),
    "pre_tasks": lambda wording, ids: ", ".join(map(wording._task, ids)),
    "labels": lambda _wording, names: ", ".join(names),
    "next_task": Wording._task,
    "reminders": lambda wording, described: "; ".join(map(wording._reminder, described)),
    "reminder": Wording.moment,
    "is_blocked": lambda _wording, value: _("yes") if value else _("no"),
}
