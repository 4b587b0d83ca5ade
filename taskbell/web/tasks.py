"""The page of one task, where emails lead to: complete it, skip it, move it, comment on it."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.comments.actions import add_comment
from taskbell.comments.queries import comments_of
from taskbell.common.clock import utc_now
from taskbell.common.rule_words import rule_in_words, rule_with_time
from taskbell.common.values import MAX_ID
from taskbell.payloads.activity import activity_as_json
from taskbell.reminders.actions import describe
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import plan_of
from taskbell.tasks.actions import skip_task, update_task
from taskbell.tasks.history_words import Wording
from taskbell.tasks.kinds import Stage
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Task, is_blocked
from taskbell.tasks.names import Names
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import may_edit
from taskbell.web.door import form_page, page, person_of
from taskbell.web.forms import CommentForm, GoOnForm, MoveForm, PageForm

MAX_ENTRIES, MAX_COMMENTS = 20, 50


def _complete(task: Task, fields: dict[str, Any], **who_and_when: Any) -> None:
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), catch_up=fields["catch_up"], **who_and_when)


def _skip(task: Task, fields: dict[str, Any], **who_and_when: Any) -> None:
    skip_task(task.pk, catch_up=fields["catch_up"], **who_and_when)


def _move(task: Task, fields: dict[str, Any], **who_and_when: Any) -> None:
    update_task(task.pk, TaskPatch(**fields), **who_and_when)


def _comment(task: Task, fields: dict[str, Any], **who_and_when: Any) -> None:
    add_comment(task.pk, fields["body"], **who_and_when)


# What a button does, by its name: the form beside it, the verb, and what the page says then.
VERBS: dict[str, tuple[type[PageForm], Callable[..., None], str]] = {
    "complete": (GoOnForm, _complete, "Completed."),
    "skip": (GoOnForm, _skip, "Skipped."),
    "move": (MoveForm, _move, "Moved."),
    "comment": (CommentForm, _comment, "Added."),
}
PLACES: dict[type[PageForm], str] = {GoOnForm: "go_on", MoveForm: "move", CommentForm: "comment"}  # in the template


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """A task, for the people who can see it; for others there is no such page."""
    person = person_of(request)
    tasks = Task.objects.visible_to(person).with_access(person).with_people().select_related("project", "category")
    tasks = tasks.annotate(waits=is_blocked())
    found = tasks.filter(pk=pk).first() if pk <= MAX_ID else None
    if found is None:
        raise Http404
    zone = ZoneInfo(person.profile.timezone)
    with timezone.override(zone):
        context = {
            **_context(found, person, zone),
            "go_on": GoOnForm(initial={"catch_up": found.due_at is not None and found.due_at <= utc_now()}),
            "comment": CommentForm(),
            "move": MoveForm(initial={"due_date": found.due_date, "due_time": found.due_time}),
        }
        if request.method != "POST":
            return page(request, "task.html", context)
        return _act(request, found, context)


def _act(request: HttpRequest, task: Task, context: dict[str, Any]) -> HttpResponse:
    """What the pressed button does. A refusal is shown above the buttons, or beside its field."""
    form_of, verb, said = VERBS.get(request.POST.get("do", ""), VERBS["move"])
    form = form_of(request.POST)

    def act() -> HttpResponse:
        verb(task, form.cleaned_data, by=person_of(request), now=utc_now())
        messages.success(request, said)
        return redirect("task", task.pk)

    return form_page(request, "task.html", form, act, **context | {PLACES[form_of]: form})


def _context(task: Task, person: User, zone: ZoneInfo) -> dict[str, Any]:
    needs = Task.objects.visible_to(person).filter(needed_by__task=task).order_by("id")
    wording, edits = Wording(Names(), zone), may_edit(person, task)
    last = list(comments_of(task).order_by("-id")[: MAX_COMMENTS + 1])
    entries = Activity.objects.of_tasks().filter(task=task).order_by("-id")[:MAX_ENTRIES]
    return {
        "task": task,
        "may_edit": edits and not task.is_archived,
        "may_complete": (edits or task.assigned_to_id == person.pk) and not task.is_archived,
        "status": wording.words("status", task.status),
        "labels": Label.objects.filter(links__task=task),
        "due": task.due_in_words(zone),
        "repeats": _repeats(task, zone),
        "needs": needs,
        "reminders": [_reminder(one, wording) for one in Reminder.objects.visible_to(person).filter(task=task)],
        "comments": last[MAX_COMMENTS - 1 :: -1],
        "has_older": len(last) > MAX_COMMENTS,
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
