"""The page of a task: all that it shows, in at most eight queries with session and frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.comments.rendering import render
from taskbell.common.errors import NotFound
from taskbell.common.values import MAX_ID
from taskbell.payloads.activity import names_of_entries
from taskbell.reminders.models import Reminder
from taskbell.reminders.notifications import REMINDER
from taskbell.tasks.kinds import Stage
from taskbell.tasks.reminder_timeline import reminder_timeline
from taskbell.web.dates import Dates
from taskbell.web.rows import TaskRow, tasks_for_rows
from taskbell.web.shell import AppRequest
from taskbell.web.task_facts import facts_of, repeats_in_words
from taskbell.web.task_forms import CommentForm
from taskbell.web.task_graph import graph_of
from taskbell.web.task_merge import mark_of
from taskbell.web.task_story import SHOWS, Story, entries_of, story_of
from taskbell.web.task_timeline import timeline_of

KEPT_TEXTS = 200
BUTTONS = (Stage.PENDING, Stage.IN_PROGRESS, Stage.COMPLETED)


@dataclass(frozen=True)
class Editor:
    """An open form in a part of the page."""

    part: str
    head: Any
    form: Any
    action: str
    template: str = "web/app/task/fields.html"
    marks: Mapping[str, str] = field(default_factory=dict)
    clashes: list[dict[str, Any]] = field(default_factory=list)
    more: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(KEPT_TEXTS)
def prose(text: str) -> str:
    """Markdown as HTML that is safe to show. Descriptions are stored as they were written, so it is done on reading."""
    return render(text).html


def row_for(pk: int, person: User, dates: Dates) -> TaskRow:
    """The task with all that its facts show: one query. Raises NotFound."""
    task = tasks_for_rows([pk], person).get(pk) if pk <= MAX_ID else None
    if task is None:
        raise NotFound
    row = TaskRow(task, person, dates)
    task.labels, task.edits = row.labels, row.may_edit
    return row


def task_page(
    app: AppRequest,
    row: TaskRow,
    *,
    editor: Editor | None = None,
    parameters: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with one of its parts open for editing."""
    context = _context(app, row, parameters or {}) | {"editor": editor}
    if editor is not None and editor.part == "comment":
        context["comment_editor"] = editor
    return app.page("app/task.html", context, status=status)


def comment_editor(pk: int, form: CommentForm | None = None) -> Editor:
    """The form of a new comment, which is always open."""
    action = reverse("task-comments", args=[pk])
    form = form or CommentForm(auto_id="new-%s")
    return Editor("comment", _("Comment"), form, action, "web/app/task/comment.html")


def _context(app: AppRequest, row: TaskRow, parameters: Mapping[str, str]) -> dict[str, Any]:
    task, person, dates = row.task, app.person, app.dates
    graph = graph_of(task.pk, person, dates)
    reminders = list(Reminder.objects.visible_to(person).filter(task=task.pk))
    schedule = reminder_timeline(task, person, reminders=reminders, now=app.now)
    show = parameters.get("show", "all")
    entries = entries_of(task, show=show if show in SHOWS else "all")
    recipients = [one["recipient"] for one in schedule["past"]]
    names = names_of_entries(entries, person, people=recipients)
    story = story_of(entries, names, task, person, dates, show=show)
    said = _last_words(story)
    return {
        "row": row,
        "task": task,
        "graph": graph,
        "facts": [(fact, _part(fact, said, fact.part)) for fact in facts_of(row)],
        "title_part": _part(task.title, said, "title"),
        "text_part": _part(task.description, said, "description"),
        "prose": prose(task.description) if task.description else "",
        "stages": _stages(row, is_blocked=bool(graph.blockers)),
        "repeats": repeats_in_words(task, dates),
        "timeline": timeline_of(schedule, reminders, names.people, task, person, dates),
        "story": story,
        "shows": [("all", _("All")), ("comments", _("Comments")), ("changes", _("Changes"))],
        "comment_editor": comment_editor(task.pk),
        "due_in_sentence": dates.in_sentence(dates.due(task)),
        "created_day": dates.in_sentence(dates.day(task.created_at.astimezone(dates.zone).date())),
        "changed_at": dates.in_sentence(dates.moment(task.updated_at)),
        "created_by": task.created_by.name,
        "may_snooze": task.is_open and not task.is_archived and person.profile.wants(REMINDER.name),
        "may_create": person.can(Capability.CREATE_TASKS),
        "watch": " ".join(map(str, [task.pk, *graph.ids])),
        "is_late": dates.is_late(task),
        "goes_on": row.may_complete and bool(task.recurrence) and dates.is_late(task) and not graph.blockers,
    }


def _last_words(story: Story) -> dict[str, str]:
    """The last sentence about each field."""
    said: dict[str, str] = {}
    for entry in story.entries:
        said.setdefault(entry.field, f"{entry.name}{entry.words}")
    return said


# The fields of the history that a part shows.
FIELDS_OF = {
    "due": ("due_date", "due_time", "timezone"),
    "repeats": ("recurrence", "recurrence_from"),
    "assign": ("assigned_to",),
}


def _part(shown: Any, said: Mapping[str, str], part: str) -> dict[str, str]:
    """What tells an open form that others have changed what it is about: a mark, and the last sentence about it."""
    words = next((said[name] for name in FIELDS_OF.get(part, (part,)) if name in said), "")
    return {"mark": mark_of(repr(shown)), "said": words}


def _stages(row: TaskRow, *, is_blocked: bool) -> list[dict[str, Any]]:
    """The buttons for the stage. What the task forbids now has its reason beside it."""
    task = row.task
    return [
        {
            "name": stage.value,
            "words": stage.label,
            "on": task.stage == stage,
            "blocked": stage == Stage.COMPLETED and is_blocked and task.is_open,
        }
        for stage in BUTTONS
    ]
