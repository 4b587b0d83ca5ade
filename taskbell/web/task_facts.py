"""The facts of a task beside its text: when it is due, how it repeats, who does it, and where it belongs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.rule_words import rule_in_words, rule_with_time
from taskbell.tasks.kinds import Basis, Priority
from taskbell.tasks.occurrences import coming_due_dates
from taskbell.web.dates import Dates
from taskbell.web.rows import TaskRow

NEXT_DATES = 3


@dataclass(frozen=True)
class Fact:
    """One line: its part of the page, its name, and what it says. `key` opens its form."""

    part: str
    name: str
    words: str
    small: str = ""
    key: str = ""
    state: str = ""
    dot: str = ""
    who: User | None = None
    labels: list[str] = field(default_factory=list)
    may_edit: bool = True


def facts_of(row: TaskRow) -> Iterator[Fact]:
    """What this person reads, and may change."""
    task, dates, edits = row.task, row.dates, row.may_edit
    yield Fact("due", _("Due"), due_words(task, dates), _due_small(row), "due", row.due_state, may_edit=edits)
    repeats, following = repeats_in_words(task, dates), next_dates(task, dates)
    if task.recurrence or edits:
        yield Fact("repeats", _("Repeats"), repeats or _("Does not repeat"), following, may_edit=edits)
    yield Fact("priority", _("Priority"), priority_words(task.priority), key="priority", may_edit=edits)
    if task.viewer_role or edits:
        inbox = task.project.inbox_of_id is not None
        name = _("Inbox") if task.project.inbox_of_id == row.person.pk else task.project.name
        yield Fact("project", _("Project"), name, key="move", dot="" if inbox else task.project.colour, may_edit=edits)
    yield Fact("category", _("Category"), task.category.name if task.category else _("None"), may_edit=edits)
    yield Fact("labels", _("Labels"), "" if row.labels else _("None"), key="labels", labels=row.labels, may_edit=edits)
    yield _assignee(row)


def _assignee(row: TaskRow) -> Fact:
    task, person = row.task, row.person
    hands_back = task.assigned_to_id == person.pk and not row.may_edit and not task.is_archived
    small = _("You can hand it back.") if hands_back else ""
    words = called(task.assigned_to, person) if task.assigned_to else _("Nobody")
    may_edit = row.may_edit or hands_back
    return Fact("assign", _("Assigned to"), words, small, "assign", who=task.assigned_to, may_edit=may_edit)


def called(one: User, person: User) -> str:
    """The name, or You."""
    return _("You") if one.pk == person.pk else one.name


def priority_words(rank: int) -> str:
    """The priority for people."""
    return str(Priority(rank).label)


def due_words(task: Any, dates: Dates) -> str:
    """When it is due, with the date."""
    day = dates.due_day(task)
    if day is None:
        return _("No due date")
    said = dates.day_with_date(day)
    return said if task.due_time is None else f"{said}, {dates.time(task.due_at)}"


def _due_small(row: TaskRow) -> str:
    task, dates = row.task, row.dates
    if task.due_at is None or not task.is_open:
        return ""
    city = task.timezone.rpartition("/")[2].replace("_", " ")
    if dates.is_late(task):
        return _("Overdue")
    if task.due_time is None:
        return _("until midnight in %(city)s") % {"city": city}
    if task.timezone == dates.zone.key:
        return dates.until(task.due_at)
    there = {"until": dates.until(task.due_at), "time": dates.time(task.due_time), "city": city}
    return _("%(until)s, %(time)s in %(city)s") % there


def repeats_in_words(task: Any, dates: Dates) -> str:
    """The rule in words, with the time of day if there is one."""
    if not task.recurrence:
        return ""
    if task.due_at is None or task.due_time is None:
        said = rule_in_words(task.recurrence)
    else:
        said = rule_with_time(task.recurrence, task.due_at.astimezone(dates.zone), day=task.due_date)
    return said[:1].upper() + said[1:]


def next_dates(task: Any, dates: Dates) -> str:
    """What the rule counts from, and the next due dates."""
    if not task.recurrence:
        return ""
    basis = _("Counts from completion.") if task.recurrence_from == Basis.COMPLETION else _("Counts from the due date.")
    days = [dates.day(day) for day in coming_due_dates(task, now=dates.now, most=NEXT_DATES)]
    following = _("Next: %(dates)s") % {"dates": ", ".join(days)} if days else ""
    return f"{basis} {following}".strip()
