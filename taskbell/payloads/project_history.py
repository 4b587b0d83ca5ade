"""The history of projects and of their members as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext_lazy

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


ROLES = {
    ProjectRole.OWNER: pgettext_lazy("role in a sentence", "owner"),
    ProjectRole.EDITOR: pgettext_lazy("role in a sentence", "editor"),
    ProjectRole.VIEWER: pgettext_lazy("role in a sentence", "viewer"),
}
CHANGED = gettext_noop("%(who)s changed the project.")
# By action, and by field if it says more.
SENTENCES = {
    "created": gettext_noop("%(who)s created the project."),
    "restored": gettext_noop("%(who)s restored the project."),
    "deleted": gettext_noop("%(who)s moved the project to the trash."),
    "purged": gettext_noop("%(who)s removed the project for good."),
    "invited": gettext_noop("%(who)s invited someone as %(new_role)s."),
    "uninvited": gettext_noop("%(who)s withdrew an invitation as %(old_role)s."),
    "updated name": gettext_noop("%(who)s renamed the project from “%(old)s” to “%(new)s”."),
    "updated description": gettext_noop("%(who)s changed the description."),
    "updated colour": gettext_noop("%(who)s changed the colour."),
}


def _sentence(entry: Activity, names: dict[int, str]) -> str:
    who = names.get(entry.user_id, _("Someone")) if entry.user_id else "Taskbell"
    if entry.subject_type == SubjectType.MEMBER:
        return _sentence_about_member(entry, who, names.get(entry.subject_id or 0, _("a deleted person")))
    values = {"who": who, "old": entry.old_value, "new": entry.new_value}
    match entry.action, entry.field:
        case "updated", "archived":
            is_archived = bool(entry.new_value)
            archived, in_use = _("%(who)s archived the project."), _("%(who)s took the project out of the archive.")
            return (archived if is_archived else in_use) % values
        case "updated", field:
            text = SENTENCES.get(f"updated {field}")
            return _(text or CHANGED) % values
        case action, _field:
            roles = {"old_role": _role_in_words(entry.old_value), "new_role": _role_in_words(entry.new_value)}
            return _(SENTENCES.get(action, CHANGED)) % (values | roles)


def _sentence_about_member(entry: Activity, who: str, person: str) -> str:
    is_own = entry.user_id == entry.subject_id
    values = {"who": who, "person": person, "role": _role_in_words(entry.new_value)}
    match entry.action:
        case "added":
            return (_("%(who)s joined as %(role)s.") if is_own else _("%(who)s added %(person)s as %(role)s.")) % values
        case "removed":
            return (_("%(who)s left the project.") if is_own else _("%(who)s removed %(person)s.")) % values
        case _action:
            return _("%(who)s changed the role of %(person)s to %(role)s.") % values


def _role_in_words(role: Any) -> str:
    return str(ROLES[ProjectRole(role)]) if role in ProjectRole.values else ""
