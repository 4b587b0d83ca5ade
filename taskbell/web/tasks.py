"""The page of one task, where emails lead to."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.rule_words import rule_in_words, rule_with_time
from taskbell.common.values import MAX_ID
from taskbell.payloads.activity import activity_as_json
from taskbell.reminders.actions import describe
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import plan_of
from taskbell.tasks.history_words import Wording
from taskbell.tasks.models import Task, is_blocked
from taskbell.tasks.names import Names
from taskbell.web.door import page, person_of

MAX_ENTRIES = 20


@require_safe
@login_required
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """A task, for the people who can see it; for others there is no such page."""
    person = person_of(request)
    tasks = Task.objects.visible_to(person).with_people().select_related("category").annotate(waits=is_blocked())
    found = tasks.filter(pk=pk).first() if pk <= MAX_ID else None
    if found is None:
        raise Http404
    zone = ZoneInfo(person.profile.timezone)
    with timezone.override(zone):
        return page(request, "task.html", _context(found, person, zone))


def _context(task: Task, person: User, zone: ZoneInfo) -> dict[str, Any]:
    needs = Task.objects.visible_to(person).filter(needed_by__task=task).order_by("id")
    wording = Wording(Names(), zone)
    entries = Activity.objects.of_tasks().filter(task=task).order_by("-id")[:MAX_ENTRIES]
    return {
        "task": task,
        "status": wording.words("status", task.status),
        "due": task.due_in_words(zone),
        "repeats": _repeats(task, zone),
        "needs": needs,
        "reminders": [_reminder(one, wording) for one in Reminder.objects.visible_to(person).filter(task=task)],
        "history": activity_as_json(list(entries), person),
    }


def _repeats(task: Task, zone: ZoneInfo) -> str:
    if not task.recurrence:
        return ""
    if task.due_at is None or task.due_time is None:
        return rule_in_words(task.recurrence)
    return rule_with_time(task.recurrence, task.due_at.astimezone(zone), day=task.due_date)


def _reminder(reminder: Reminder, wording: Wording) -> dict[str, Any]:
    return {"row": reminder, "words": wording.words("reminders", [describe(plan_of(reminder))])}
