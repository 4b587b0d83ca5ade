"""A task as Vikunja exports it: what we carry, what is only bookkeeping, and a notice about the rest."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.text import UNPRINTABLE, printable
from taskbell.common.values import BadValue
from taskbell.transfer.fitting import shown
from taskbell.transfer.foreign import TASK, comment_of, iso, rule_of
from taskbell.transfer.html_text import as_markdown
from taskbell.transfer.reading import Notice, Row

NEVER = "0001-01-01"
PRIORITIES = {0: "MEDIUM", 1: "LOW", 2: "MEDIUM", 3: "HIGH", 4: "URGENT", 5: "URGENT"}
BLOCKED_BY, BLOCKS = ("subtask", "blocked"), ("parenttask", "blocking")
DAY = 24 * 3600
EVERY_MONTH, FROM_NOW = 1, 2  # its repeat modes
MAX_SHOWN = 100  # characters
CARRIED = (
    *("id", "title", "description", "done", "done_at", "due_date", "priority", "percent_done", "repeat_after"),
    *("repeat_mode", "labels", "assignees", "reminders", "reminder_dates", "related_tasks", "created", "created_by"),
    "comments",
)
# Ids and places of Vikunja's own, and what it computes.
BOOKKEEPING = (
    *("updated", "project_id", "list_id", "index", "identifier", "uid", "position", "kanban_position", "bucket_id"),
    *("buckets", "cover_image_attachment_id", "created_by_id", "subscription", "comment_count", "is_unread"),
)
WORDS = {
    "is_favorite": gettext_noop("It is a favourite there"),
    "hex_color": gettext_noop("colour"),
    "start_date": gettext_noop("start"),
    "end_date": gettext_noop("end"),
}
Members = dict[str, Any]


def row_of(line: int, task: Any, project: Members | None, blocked_by: list[int]) -> Row:
    """The task as a row, with a notice for everything that it can't have. `blocked_by` are further prerequisites."""
    called = called_of(task)
    try:
        cells, names = _cells(task, project, blocked_by)
        notices = [Notice(line, field, message) for field, message in _lost(task)]
        source_id = f"{task['id']}@{task.get('created') or ''}"
    except BadValue as error:
        return Row.wrong(line, "description", error.code, str(error), called=called)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return Row.wrong(line, "tasks", "invalid", _("Must be a task as Vikunja exports it."), called=called)
    title = task["title"]
    may_be_cut = ("title",) if isinstance(title, str) and not UNPRINTABLE.search(title) else ()
    lenient = ("recurrence", "created_at", "completed_at", "reminders", "project", "labels", "comments", *may_be_cut)
    return Row(
        line,
        cells,
        called=called,
        source="vikunja",
        source_id=source_id,
        notices=notices,
        names=names,
        lenient=lenient,
    )


def called_of(task: Any) -> str:
    """The id and the title, if it has them."""
    if not isinstance(task, dict):
        return printable(_(TASK) % {"name": shown(task)[:100]})
    title = shown(task["title"])[:100] if "title" in task else _("no title")
    return printable(_(TASK) % {"name": f"{shown(task.get('id')):.20} ({title})"})


def related(task: Any, kinds: tuple[str, ...]) -> Iterator[Members]:
    """The tasks that are related to it in one of these ways."""
    for kind in kinds:
        yield from (task.get("related_tasks") or {}).get(kind) or []


def _cells(task: Members, project: Members | None, blocked_by: list[int]) -> tuple[Members, dict[int, str]]:
    """The cells, and the names of its prerequisites."""
    due, done = _moment(task.get("due_date")), task.get("done")
    assignees = task.get("assignees") or []
    others = list(related(task, BLOCKED_BY))
    needs = dict.fromkeys([*(other["id"] for other in others), *blocked_by])
    names = {other["id"]: called_of(other) for other in others if other.get("title")}
    cells = {
        "id": task["id"],
        "title": task["title"],
        "description": as_markdown(task.get("description") or ""),
        "stage": "COMPLETED" if done else "IN_PROGRESS" if task.get("percent_done") else "PENDING",
        "priority": PRIORITIES.get(task.get("priority") or 0, task.get("priority")),
        "project": project,
        "labels": [label["title"] for label in task.get("labels") or []],
        "due_at": iso(due),
        "assigned_to": assignees[0]["username"] if assignees else None,
        "created_by": (task.get("created_by") or {}).get("username"),
        "pre_tasks": list(needs),
        "reminders": list(_reminders(task)),
        "comments": [_comment(one) for one in task.get("comments") or []],
        **_repeats(task, due),
        "completed_at": iso(_moment(task.get("done_at"))) if done else None,
        "created_at": iso(_moment(task.get("created"))),
    }
    return cells, names


def _comment(one: Members) -> Members:
    """The comment. Vikunja's own export leaves out who has written it."""
    writer, created, updated = one.get("author") or {}, _moment(one.get("created")), _moment(one.get("updated"))
    edited = updated if created and updated and updated > created else None
    name = writer.get("username") or writer.get("name")
    return comment_of(as_markdown(one.get("comment") or ""), iso(created), author=name, edited_at=iso(edited))


def _moment(text: Any) -> datetime | None:
    if not text or text.startswith(NEVER):
        return None
    return datetime.fromisoformat(text).astimezone(UTC)


def _reminders(task: Members) -> Iterator[Members]:
    for reminder in task.get("reminders") or []:
        if _is_before_due(reminder):
            yield {"before_due": _duration(-(reminder.get("relative_period") or 0))}
        elif moment := _moment(reminder.get("reminder")):
            yield {"at": moment.isoformat()}
    for text in task.get("reminder_dates") or []:
        if moment := _moment(text):
            yield {"at": moment.isoformat()}


def _duration(seconds: int) -> str:
    """Whole days are days of the calendar: there, people choose "1 day before", and the file has its seconds."""
    days, rest = divmod(seconds, DAY)
    return f"PT{seconds}S" if rest or not days else f"P{days}D"


def _repeats(task: Members, due: datetime | None) -> Members:
    """The rule. One that repeats more often than daily stays as words, so that the column refuses it."""
    seconds, mode = task.get("repeat_after") or 0, task.get("repeat_mode") or 0
    if mode == EVERY_MONTH:
        return {"recurrence": rule_of("FREQ=MONTHLY", due)}
    if not seconds:
        return {}
    days, rest = divmod(seconds, DAY)
    rule = f"every {timedelta(seconds=seconds)}" if rest else f"FREQ=DAILY;INTERVAL={days}"
    return {"recurrence": rule, "recurrence_from": "completion" if mode == FROM_NOW else None}


def _lost(task: Members) -> Iterator[tuple[str, str]]:
    """Everything that can't be imported: a field, and a sentence."""
    for person in (task.get("assignees") or [])[1:]:
        yield (
            "assigned_to",
            _("The assignee %(username)s can't be imported: a task has only one.")
            % {"username": quoted(person["username"])},
        )
    for kind, others in (task.get("related_tasks") or {}).items():
        if kind not in BLOCKED_BY + BLOCKS:
            for other in others or []:
                yield (
                    "related_tasks",
                    _("The relation %(kind)s to %(other)s can't be imported.")
                    % {"kind": kind, "other": called_of(other)},
                )
    done = task.get("percent_done") or 0
    if not task.get("done") and done:
        yield "percent_done", _("%(done)s done is imported as IN_PROGRESS.") % {"done": f"{done:.0%}"}
    if not task.get("done") and (moment := _moment(task.get("done_at"))):
        yield "done_at", _("The last completion can't be imported: %(moment)s.") % {"moment": moment.isoformat()}
    for reminder in task.get("reminders") or []:
        if reminder.get("relative_to") and not _is_before_due(reminder):
            yield (
                "reminders",
                _("The reminder relative to %(relative_to)s is imported as a fixed time.")
                % {"relative_to": reminder["relative_to"]},
            )
    yield from _others(task)


def _is_before_due(reminder: Members) -> bool:
    return reminder.get("relative_to") == "due_date" and (reminder.get("relative_period") or 0) <= 0


def _others(task: Members) -> Iterator[tuple[str, str]]:
    for name in sorted(task.keys() - {*CARRIED, *BOOKKEEPING}):
        value = task[name]
        if not value or (isinstance(value, str) and value.startswith(NEVER)):
            continue
        if name == "attachments":
            for one in value:
                yield (
                    name,
                    _("The attachment %(value)s can't be imported.")
                    % {"value": quoted((one.get("file") or {}).get("name"))},
                )
        elif value is True:
            yield name, _("%(name)s, which can't be imported.") % {"name": _(WORDS.get(name, name))}
        else:
            yield (
                name,
                _("The %(name)s can't be imported: %(value)s.")
                % {"name": _(WORDS.get(name, name)), "value": quoted(value)},
            )


def quoted(value: Any) -> str:
    """The value for people, in quotation marks."""
    return repr(printable(shown(value))[:MAX_SHOWN])
