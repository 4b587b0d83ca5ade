"""Comments and history of a task as one stream, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, SubjectType
from taskbell.comments.models import Comment
from taskbell.comments.policy import may_delete_comment
from taskbell.payloads.sentences import sentence_of
from taskbell.tasks.history_words import Wording
from taskbell.tasks.models import Task
from taskbell.tasks.names import Names
from taskbell.web.dates import Dates

MAX_ENTRIES = 30  # at once
SHOWS = ("all", "comments", "changes")
IS_COMMENT = Q(subject_type=SubjectType.COMMENT)
OF_COMMENT = ("body", "html", "edited_at", "unreachable")


@dataclass(frozen=True)
class Someone:
    """A person by the name they are shown with."""

    pk: int
    name: str

    @property
    def first_name(self) -> str:
        """For the initials."""
        return self.name.partition(" ")[0]

    @property
    def last_name(self) -> str:
        """For the initials."""
        return self.name.rpartition(" ")[2] if " " in self.name else ""


@dataclass(frozen=True)
class Said:
    """An entry of the stream: a comment, or a change in words."""

    id: int
    who: Someone | None
    name: str
    words: str
    at: datetime
    field: str
    comment: int | None = None
    html: str = ""
    edited: bool = False
    unreachable: Sequence[str] = ()
    may_edit: bool = False
    may_delete: bool = False

    @property
    def part(self) -> str:
        """The part of the page in which the comment can be edited."""
        return f"comment-{self.comment}"


@dataclass(frozen=True)
class Story:
    """Some of the stream."""

    show: str
    entries: list[Said]
    older: int | None


def entries_of(task: Task, *, show: str = "all", before: int | None = None) -> list[Any]:
    """The entries, one more than are shown: one query. Each of a comment has what the comment says now."""
    found: Any = Activity.objects.of_tasks().filter(task=task.pk).exclude(IS_COMMENT & Q(action="updated"))
    if show == "comments":
        found = found.filter(IS_COMMENT, action="created")
    elif show == "changes":
        found = found.exclude(IS_COMMENT & Q(action="created"))
    if before is not None:
        found = found.filter(pk__lt=before)
    comment = Comment.objects.filter(pk=OuterRef("subject_id"), task=task.pk)
    columns = {f"of_{name}": Subquery(comment.values(name)) for name in OF_COMMENT}
    return list(found.annotate(**columns).order_by("-id")[: MAX_ENTRIES + 1])


def story_of(
    entries: Sequence[Any], names: Names, task: Task, person: User, dates: Dates, *, show: str = "all"
) -> Story:
    """The stream of these entries."""
    wording = Wording(names, dates.zone)
    shown = [_said(entry, task, person, wording) for entry in entries[:MAX_ENTRIES]]
    older = entries[MAX_ENTRIES - 1].pk if len(entries) > MAX_ENTRIES else None
    return Story(show, [one for one in shown if one is not None], older)


def _said(entry: Any, task: Task, person: User, wording: Wording) -> Said | None:
    name = wording.names.people.get(entry.user_id, "") if entry.user_id else ""
    who = Someone(entry.user_id, name) if name else None
    called = _("You") if entry.user_id == person.pk else name
    is_comment = entry.subject_type == SubjectType.COMMENT
    if is_comment and entry.action == "created":
        return _comment(entry, who, called, task, person) if entry.of_html is not None else None
    visible = [wording.names.visible_part(entry.field, value) for value in (entry.old_value, entry.new_value)]
    old, new = (wording.words(entry.field, value) for value in visible)
    words = sentence_of(entry, old, new, wording)
    rest = words.removeprefix(name) if name else words
    return Said(entry.pk, who, called if rest != words else "", rest, entry.timestamp, entry.field)


def _comment(entry: Any, who: Someone | None, called: str, task: Any, person: User) -> Said:
    is_own = entry.user_id == person.pk
    return Said(
        entry.pk,
        who,
        called,
        "",
        entry.timestamp,
        "comment",
        comment=entry.subject_id,
        html=entry.of_html,
        edited=entry.of_edited_at is not None,
        unreachable=entry.of_unreachable if is_own else (),
        may_edit=is_own and not task.is_archived,
        may_delete=may_delete_comment(person, task, author=entry.user_id) and not task.is_archived,
    )
