"""Quick add: one line becomes a task; while it is typed, the page says how it is read."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from taskbell.common.errors import Refusal
from taskbell.common.rule_words import rule_in_words
from taskbell.common.values import read_field, read_id
from taskbell.quick_add.actions import create_from_line, read_for
from taskbell.quick_add.lines import Span
from taskbell.quick_add.reading import Chip, Reading
from taskbell.tasks.kinds import OPEN_STAGES, PRIORITIES
from taskbell.web.door import done, fragment, signed_in
from taskbell.web.shell import AppRequest
from taskbell.web.words import quoted

SPAN = re.compile(r"(\d{1,4})-(\d{1,4})", re.ASCII)
ICONS = {
    "due": "calendar",
    "repeats": "repeat",
    "reminder": "bell",
    "priority": "flag",
    "category": "folder",
    "project": "folder",
    "label": "tag",
    "assignee": "user",
    "blocked_by": "hourglass",
}


@dataclass(frozen=True)
class ShownChip:
    """What was read, in words; refusing it sends its span."""

    icon: str
    words: str
    span: str
    note: str
    is_new: bool


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def quick_add(request: HttpRequest) -> HttpResponse:
    """The line; POST creates the task."""
    app = AppRequest(request)
    if request.method != "POST":
        context = {"project": request.GET.get("project", ""), "stage": request.GET.get("stage", "")}
        return app.page("app/quick.html", context | {"text": request.GET.get("text", ""), "here": "quick"})
    task, reading = create_from_line(
        request.POST.get("text", ""),
        zone=app.person.profile.timezone,
        refused=_spans(request),
        defaults=_defaults(request),
        by=app.person,
        now=app.now,
    )
    said = _("%(task)s added.") % {"task": quoted(task.title)}
    if reading.reminder and task.is_open:
        said = f"{said} {_reminder_words(reading, app)}."
    return done(request, said, undo=f"/tasks/{task.pk}/delete/", touched=[task.pk])


@signed_in
@require_POST
def read_line(request: HttpRequest) -> HttpResponse:
    """How the line is read, as chips. Changes nothing."""
    app, text = AppRequest(request), request.POST.get("text", "")
    reading, problem = None, ""
    try:
        if text.strip():
            reading = read_for(app.person, text, zone=app.person.profile.timezone, now=app.now, refused=_spans(request))
    except Refusal as refusal:
        problem = refusal.detail
    chips = [_shown(chip, reading, app) for chip in reading.chips] if reading else []
    context = {"reading": reading, "chips": chips, "problem": problem, "refused": request.POST.getlist("refused")}
    return fragment(request, "app/quick_read.html", context)


def _spans(request: HttpRequest) -> list[Span]:
    found = (SPAN.fullmatch(text) for text in request.POST.getlist("refused")[:50])
    return [(int(match[1]), int(match[2])) for match in found if match]


def _defaults(request: HttpRequest) -> dict[str, Any]:
    """The project and stage of the page that the line was typed on."""
    project, stage = request.POST.get("project", ""), request.POST.get("stage", "")
    found: dict[str, Any] = {}
    if project:
        found["project_id"] = read_field("project", read_id, project)
    if stage in OPEN_STAGES:
        found["stage"] = stage
    return found


def _shown(chip: Chip, reading: Reading | None, app: AppRequest) -> ShownChip:
    assert reading is not None  # noqa: S101 - it has this chip
    words = _words(chip, reading, app)
    is_new = chip.kind in ("category", "label") and chip.id is None
    return ShownChip(ICONS[chip.kind], words, f"{chip.span[0]}-{chip.span[1]}", chip.note, is_new)


def _words(chip: Chip, reading: Reading, app: AppRequest) -> str:
    match chip.kind:
        case "due" if reading.due_date:
            day = app.dates.day_with_date(reading.due_date)
            return f"{day}, {app.dates.time(reading.due_time)}" if reading.due_time else day
        case "repeats":
            return rule_in_words(chip.value)[:1].upper() + rule_in_words(chip.value)[1:]
        case "priority":
            return str(PRIORITIES.get(chip.value, chip.value))
        case "reminder":
            return _reminder_words(reading, app)
        case _:
            return chip.value


def _reminder_words(reading: Reading, app: AppRequest) -> str:
    """When it will remind: the day and time, if they are known already."""
    reminder = reading.reminder
    assert reminder is not None  # noqa: S101 - asked for
    if reminder.day and reminder.at:
        at: datetime | None = datetime.combine(reminder.day, reminder.at)
    else:
        at = _before(reading.due_date, reading.due_time, reminder.before)
    if at is None:
        return _("Reminds you before it is due")
    day = app.dates.in_sentence(app.dates.day(at.date()))
    return _("Reminds you %(when)s") % {"when": f"{day} {app.dates.time(at.time())}"}


def _before(day: date | None, at: time | None, before: Any) -> datetime | None:
    if day is None or before is None:
        return None
    due = datetime.combine(day, at) if at else datetime.combine(day, time())
    # A whole day is due when it ends (tasks/models.py:due_wall).
    earlier: datetime = due - before.exact - timedelta(days=before.days if at else before.days - 1)
    return earlier
