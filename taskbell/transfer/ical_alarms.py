"""Alarms of a to-do as reminders (RFC 5545 §3.6.6, RFC 9074)."""

from datetime import date, datetime, timedelta
from typing import Any

import orjson
from django.utils.translation import gettext as _

from taskbell.common.durations import Duration
from taskbell.common.values import BadValue
from taskbell.common.wording import grouped
from taskbell.reminders.actions import MAX_REMINDERS
from taskbell.reminders.schedule import MAX_BEFORE_DUE
from taskbell.transfer.ical_lines import BOOKKEEPING, Component, Property
from taskbell.transfer.ical_own import REMINDER, trigger_of
from taskbell.transfer.ical_times import Moment, Span, duration_text, iso, moment_of, span_of
from taskbell.transfer.ical_todo import Todo

ACTIONS = ("DISPLAY", "AUDIO", "EMAIL", "PROCEDURE")
BY_PLACE = ("PROXIMITY", "X-APPLE-PROXIMITY", "X-APPLE-STRUCTURED-LOCATION")
TEXTS_OF_PROGRAMS = (
    *("reminder", "alarm", "event reminder", "this is an event reminder"),
    *("default mozilla description", "default tasks description"),
)
DAY = Span(days=1)
Reminder = dict[str, Any]


def reminders_of(todo: Todo, start: Moment | None, due: Moment | None, title: str) -> list[Reminder]:
    """The reminders; those that can't become one are noted. Both moments are those of the current occurrence."""
    found = [reminder for one in todo.component.take(REMINDER) for reminder in _own(todo, one)]
    alarms = [part for part in todo.component.parts if part.name == "VALARM"]
    todo.component.parts = [part for part in todo.component.parts if part.name != "VALARM"]
    for alarm in alarms:
        makes_sound = alarm.text_of("ACTION").upper() == "AUDIO"
        found += _reminders(todo, alarm, start, due)
        if makes_sound:
            alarm.take("ATTACH")  # which sound is no loss
        _note_rest(todo, alarm, title)
    different = list({orjson.dumps(one, option=orjson.OPT_SORT_KEYS): one for one in found}.values())
    if len(different) > MAX_REMINDERS:
        todo.note(
            "VALARM",
            _("Only the first %(most)s of %(different)s reminders are imported.")
            % {"most": MAX_REMINDERS, "different": grouped(len(different))},
        )
    return different[:MAX_REMINDERS]


def _own(todo: Todo, one: Property) -> list[Reminder]:
    try:
        return [orjson.loads(one.text)]
    except orjson.JSONDecodeError:
        todo.note(REMINDER, _("A reminder can't be read: %(shown)s") % {"shown": one.shown})
        return []


def _is_unchanged(own: Reminder, trigger: Property, due: Moment | None) -> bool:
    """Whether no other program has changed the alarm since we wrote it."""
    try:
        line = trigger_of(own, is_day=not isinstance(due, datetime), has_due=due is not None)
    except (AttributeError, LookupError, TypeError, ValueError):
        return False
    return line is not None and line.endswith(f":{trigger.value.strip()}")


def _reminders(todo: Todo, alarm: Component, start: Moment | None, due: Moment | None) -> list[Reminder]:
    """The reminders of one alarm: it may repeat."""
    action, trigger = alarm.take_one("ACTION"), alarm.take_one("TRIGGER")
    own = [reminder for one in alarm.take(REMINDER) for reminder in _own(todo, one)]
    if own and trigger and _is_unchanged(own[0], trigger, due):
        return own
    repeat, pause = alarm.take_one("REPEAT"), alarm.take_one("DURATION")
    kind = action.text.upper() if action else "DISPLAY"
    if kind == "NONE":
        return []  # a program's note that the to-do has no alarm
    if kind not in ACTIONS or trigger is None or any(one.name in BY_PLACE for one in alarm.properties):
        when = trigger.shown if trigger else _("it has no TRIGGER")
        todo.note("VALARM", _("An alarm (%(kind)s) isn't imported: %(when)s") % {"kind": f"{kind:.50}", "when": when})
        return []
    try:
        spans = _repeated(todo, repeat, pause)
        return [one for span in spans if (one := _reminder(todo, trigger, span, start, due)) is not None]
    except (BadValue, OverflowError) as error:
        reason = str(error) if isinstance(error, BadValue) else _("Its time is out of range.")
        todo.note("VALARM", _("An alarm isn't imported. %(reason)s") % {"reason": reason})
        return []


def _repeated(todo: Todo, repeat: Property | None, pause: Property | None) -> list[Span]:
    """How long after the trigger each reminder is."""
    if repeat is None and pause is None:
        return [Span()]
    text = repeat.value.strip() if repeat else ""
    if pause is None or not (text.isascii() and text.isdigit()):
        todo.note("VALARM", _("The repetitions of an alarm aren't imported: they need REPEAT, a number, and DURATION."))
        return [Span()]
    times = int(text[:9])
    if times >= MAX_REMINDERS:
        todo.note(
            "VALARM",
            _("Only the first %(most)s of %(text)s repetitions of an alarm are imported.")
            % {"most": MAX_REMINDERS, "text": text[:9]},
        )
    step, _text = span_of(pause.value)
    return [step * number for number in range(min(times + 1, MAX_REMINDERS))]


def _reminder(todo: Todo, trigger: Property, later: Span, start: Moment | None, due: Moment | None) -> Reminder | None:
    """A time before the due date where it can be, and otherwise an instant."""
    if "P" not in trigger.value.upper():
        return {"at": iso(later.after(moment_of(trigger, todo.zones)))}
    span, written = span_of(trigger.value)
    from_end = trigger.param("RELATED", "START") == "END" or start is None
    anchor = (due if due is not None else start) if from_end else start
    if anchor is None:
        todo.note(
            "VALARM",
            _("An alarm isn't imported: %(shown)s counts from a date that the to-do doesn't have.")
            % {"shown": trigger.shown},
        )
        return None
    if due is not None and anchor == due:
        before = _before_due(span + later, due, written if later == Span() else None)
        if before is not None:
            return {"before_due": before}
    return {"at": iso((span + later).after(anchor))}


def _before_due(span: Span, due: Moment, written: Duration | None) -> str | None:
    """How long before the task is due: an alarm of a day counts from its start, and the task is due when it ends."""
    is_day = isinstance(due, date) and not isinstance(due, datetime)
    before = span * -1 + DAY * is_day
    if before.seconds < 0:
        before = Span(seconds=before.days * 24 * 3600 + before.seconds)
    if not timedelta() <= before.total <= MAX_BEFORE_DUE or before.days < 0:
        return None
    if written is not None and not is_day:
        return written.text
    return duration_text(before.days, before.seconds)


def _note_rest(todo: Todo, alarm: Component, title: str) -> None:
    """Notes the texts and people of an alarm. A text that says nothing new is no loss."""
    for one in alarm.properties:
        says_nothing = one.text.casefold() in ("", title.casefold(), *TEXTS_OF_PROGRAMS)
        if one.name in BOOKKEEPING or (one.name in ("DESCRIPTION", "SUMMARY") and says_nothing):
            continue
        todo.note(
            "VALARM", _("%(name)s of an alarm isn't imported: %(shown)s") % {"name": one.name, "shown": one.shown}
        )
