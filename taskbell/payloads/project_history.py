"""The history of projects and of their members as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, SubjectType
from taskbell.payloads import payload_of
from taskbell.projects.models import ProjectRole


class ProjectActivityOut(TypedDict):
    """A change of a project or of its members."""

    id: int
    subject: Annotated[str, {"enum": ["project", "member"]}]
    person: Annotated[int | None, "The member that it is about."]
    user: Annotated[int | None, "Null: the clock made the change."]
    action: str
    field: str
    old_value: Any
    new_value: Any
    timestamp: datetime
    summary: Annotated[str, "What happened, as a sentence."]


def project_activity_as_json(entries: Sequence[Activity]) -> list[ProjectActivityOut]:
    """The entries, in at most one query."""
    members = {entry.subject_id for entry in entries if entry.subject_type == SubjectType.MEMBER}
    people = {pk for pk in (*members, *(entry.user_id for entry in entries)) if pk is not None}
    names = {person.pk: person.name for person in User.objects.filter(pk__in=people)} if entries else {}
    return [_entry_as_json(entry, names) for entry in entries]


def _entry_as_json(entry: Activity, names: dict[int, str]) -> ProjectActivityOut:
    person = entry.subject_id if entry.subject_type == SubjectType.MEMBER else None
    subject, summary = entry.subject_type, _sentence(entry, names)
    return payload_of(ProjectActivityOut, entry, subject=subject, person=person, summary=summary)


def _sentence(entry: Activity, names: dict[int, str]) -> str:
    who = names.get(entry.user_id, "Someone") if entry.user_id else "Taskbell"
    if entry.subject_type == SubjectType.MEMBER:
        return _sentence_about_member(entry, who, names.get(entry.subject_id or 0, "a deleted person"))
    match entry.action, entry.field:
        case "updated", "name":
            return f"{who} renamed the project from “{entry.old_value}” to “{entry.new_value}”."
        case "updated", "archived":
            return f"{who} archived the project." if entry.new_value else f"{who} took the project out of the archive."
        case "updated", field:
            return f"{who} changed the {field}."
        case "invited", _:
            return f"{who} invited someone as {_role_in_words(entry.new_value)}."
        case "uninvited", _:
            return f"{who} withdrew an invitation as {_role_in_words(entry.old_value)}."
        case "deleted", _:
            return f"{who} moved the project to the trash."
        case action, _:
            return f"{who} {action} the project."


def _sentence_about_member(entry: Activity, who: str, person: str) -> str:
    is_own = entry.user_id == entry.subject_id
    match entry.action:
        case "added":
            role = _role_in_words(entry.new_value)
            return f"{who} joined as {role}." if is_own else f"{who} added {person} as {role}."
        case "removed":
            return f"{who} left the project." if is_own else f"{who} removed {person}."
        case _:
            return f"{who} changed the role of {person} to {_role_in_words(entry.new_value)}."


def _role_in_words(role: Any) -> str:
    return ProjectRole(role).label.lower()
