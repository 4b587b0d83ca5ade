"""The reminders of a task: what will remind, whom and why; and what happened to each email, to the second."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from taskbell.accounts.models import User
from taskbell.notifications.models import DeliveryState
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.tasks.models import Task
from taskbell.tasks.policy import may_edit
from taskbell.tasks.reminder_timeline import ComingOut, PastOut, ScheduleOut
from taskbell.web.dates import Dates

MAX_PAST = 6  # that are shown at once
MAIN = ("reminder", "overdue")  # the other emails are folded away

KINDS = {
    "reminder": gettext_lazy("Reminder"),
    "overdue": gettext_lazy("Overdue"),
    "task_assigned": gettext_lazy("Assigned"),
    "task_updated": gettext_lazy("Changed"),
    "unblocked": gettext_lazy("No longer blocked"),
    "commented": gettext_lazy("Comment"),
    "mentioned": gettext_lazy("Mention"),
}


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the list. `reminder` is the one that can be deleted here."""

    state: str
    icon: str
    head: str
    at: datetime | None
    words: str
    aside: str
    server_said: str = ""
    reminder: int | None = None


@dataclass(frozen=True)
class Timeline:
    """What will remind, what has reminded, and the other emails about the task."""

    coming: list[TimelineEntry]
    past: list[TimelineEntry]
    others: list[TimelineEntry]


def timeline_of(
    schedule: ScheduleOut, reminders: Sequence[Reminder], names: dict[int, str], task: Task, person: User, dates: Dates
) -> Timeline:
    """The lines for this person; `names` are those of the recipients."""
    known = {one.pk: one for one in reminders}
    first: set[int] = set()
    coming = []
    for one in schedule["next"]:
        if one["reminder"] not in first:  # a rule is one line, not ten
            first.add(one["reminder"])
            coming.append(_coming(one, known[one["reminder"]], task, person, dates))
    past: list[TimelineEntry] = []
    others: list[TimelineEntry] = []
    for mail in schedule["past"]:
        is_main = mail["kind"] in MAIN or mail["state"] == DeliveryState.FAILED
        place = past if is_main and len(past) < MAX_PAST else others
        place.append(_past(mail, names, person, dates))
    return Timeline(coming, past, others)


def _coming(one: ComingOut, reminder: Reminder, task: Task, person: User, dates: Dates) -> TimelineEntry:
    at = one["at"]
    is_own = reminder.recipient_id is not None
    may_delete = (is_own or may_edit(person, task)) and not task.is_archived
    if at is None:
        head, aside = _("Reminds once the task has a due date"), ""
    else:
        head, aside = _("Reminds %(when)s") % {"when": _spoken(at, dates)}, dates.until(at)
    if reminder.is_snooze:
        why = _("Snoozed by you, only for you")
    else:
        why = one["reason"].replace(_("for one person"), _("only for you"))
    words = why[:1].upper() + why[1:] + "."
    state = "ahead" if task.is_open else "held"
    return TimelineEntry(state, "bell", head, at, words, aside, reminder=reminder.pk if may_delete else None)


def _spoken(at: datetime, dates: Dates, *, seconds: bool = False) -> str:
    """Day and time, in the middle of a sentence: today at 17:00, or to the second."""
    day = dates.in_sentence(dates.day(at.astimezone(dates.zone).date()))
    return _("%(day)s at %(time)s") % {"day": day, "time": dates.time(at, seconds=seconds)}


def _past(one: PastOut, names: dict[int, str], person: User, dates: Dates) -> TimelineEntry:
    state, icon, aside = LOOKS.get(one["state"], LOOKS[DeliveryState.PENDING])
    kind = KINDS.get(one["kind"], _("Email"))
    head = _("%(kind)s %(when)s") % {"kind": kind, "when": _spoken(one["due_at"], dates, seconds=True)}
    return TimelineEntry(
        state, icon, head, one["due_at"], _outcome(one, names, person, dates), str(aside), one["server_said"]
    )


LOOKS: dict[Any, Any] = {
    DeliveryState.SENT: ("sent", "mail-check", gettext_lazy("sent")),
    DeliveryState.FAILED: ("failed", "triangle-alert", gettext_lazy("failed")),
    DeliveryState.CANCELLED: ("held", "bell-off", gettext_lazy("not sent")),
    DeliveryState.GATHERED: ("sent", "mail-check", gettext_lazy("in a summary")),
    DeliveryState.PENDING: ("held", "clock", gettext_lazy("waiting")),
    DeliveryState.LEASED: ("held", "clock", gettext_lazy("being sent")),
    ReminderState.FIRED: ("held", "bell", gettext_lazy("no email")),
    ReminderState.SKIPPED: ("held", "bell-off", gettext_lazy("skipped")),
}


def _outcome(one: PastOut, names: dict[int, str], person: User, dates: Dates) -> str:
    parts = []
    if one["recipient"] is not None:
        name = _("you") if one["recipient"] == person.pk else names.get(one["recipient"], "")
        parts.append(_("To %(name)s.") % {"name": name} if name else "")
    if one["sent_at"] is not None:
        late = max(0.0, one["lateness_seconds"] or 0.0)
        parts.append(_sent(one["sent_at"], late, dates))
    elif one["next_try_at"] is not None:
        parts.append(_("Will be sent %(when)s.") % {"when": _spoken(one["next_try_at"], dates, seconds=True)})
    if one["reason"]:
        parts.append(_(one["reason"]))
    if one["ambiguous"]:
        parts.append(_("It may have arrived twice."))
    return " ".join(part for part in parts if part)


def _sent(at: datetime, late: float, dates: Dates) -> str:
    if late < 60:
        return _("The mail server accepted it %(seconds).1f s later.") % {"seconds": late}
    return _("The mail server accepted it %(when)s.") % {"when": _spoken(at, dates, seconds=True)}
