"""The history in the admin, read-only and in words."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity, SubjectType
from taskbell.common.admin import ReadOnlyAdmin, admin_person
from taskbell.common.admin_filters import ValueFilter
from taskbell.common.wording import shortened
from taskbell.payloads.activity import names_of_entries
from taskbell.payloads.sentences import sentence_of
from taskbell.projects.models import ProjectRole
from taskbell.tasks.history_words import Wording, label_of

MAX_SHOWN = 120  # characters of a value in the list
ACTIONS: dict[str, Any] = {
    "accepted": gettext_lazy("accepted"),
    "added": gettext_lazy("added"),
    "created": gettext_lazy("created"),
    "deleted": gettext_lazy("deleted"),
    "forced": gettext_lazy("completed although blocked"),
    "invited": gettext_lazy("invited"),
    "merged": gettext_lazy("merged"),
    "not_reminded": gettext_lazy("reminder skipped"),
    "overdue": gettext_lazy("became overdue"),
    "progress": gettext_lazy("progress"),
    "purged": gettext_lazy("removed for good"),
    "recurred": gettext_lazy("next occurrence created"),
    "reminded": gettext_lazy("reminder sent"),
    "removed": gettext_lazy("removed"),
    "restored": gettext_lazy("restored"),
    "skipped": gettext_lazy("occurrence skipped"),
    "unblocked": gettext_lazy("no longer blocked"),
    "uninvited": gettext_lazy("invitation withdrawn"),
    "updated": gettext_lazy("changed"),
    "withdrawn": gettext_lazy("withdrawn"),
}
IN_SENTENCES = (SubjectType.TASK, SubjectType.COMMENT)
SUBJECTS: dict[str, Any] = dict(SubjectType.choices)
ROLES: dict[str, Any] = {role.value: role.label for role in (*Role, *ProjectRole)}


class SubjectFilter(ValueFilter):
    """What the entries are about."""

    title, parameter_name, values = gettext_lazy("Subject"), "subject_type", SUBJECTS.items()


class ActionFilter(ValueFilter):
    """What happened."""

    title, parameter_name, values = gettext_lazy("What happened"), "action", ACTIONS.items()


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    """Every change of tasks, categories, people and invitations, the newest first."""

    list_display = ("timestamp", "what", "task", "subject", "who")
    list_filter = (SubjectFilter, ActionFilter)
    list_select_related = ("user", "task")
    search_fields = ("=task__id", "=subject_id", "user__username", "user__email", "action", "field")
    search_help_text = gettext_lazy("Search by the number of a task or another subject, or by person.")
    date_hierarchy = "timestamp"
    fields = (
        *("timestamp", "who", "what", "subject", "task", "old_value", "new_value", "session"),
        *("subject_type", "subject_id", "action", "field"),
    )
    readonly_fields = ("who", "what", "subject")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(person=None)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is not None:
            put_in_words([entry], request)
        return entry

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page, each entry with its words: one query for all names."""
        changes = super().get_changelist_instance(request)
        changes.result_list = list(changes.result_list)
        put_in_words(changes.result_list, request)
        return changes

    @admin.display(description=gettext_lazy("Who"), ordering="user")
    def who(self, entry: Any) -> str:
        """The person, or the clock."""
        return entry.user.name if entry.user else "Taskbell"

    @admin.display(description=gettext_lazy("What happened"))
    def what(self, entry: Any) -> Any:
        """The entry in words."""
        return entry.in_words

    @admin.display(description=gettext_lazy("Subject"), ordering="subject_type")
    def subject(self, entry: Any) -> str:
        """What the entry is about, and its number."""
        number = f" {entry.subject_id}" if entry.subject_id else ""
        return f"{SUBJECTS.get(entry.subject_type, entry.subject_type)}{number}"


def put_in_words(entries: Any, request: HttpRequest) -> None:
    """Gives each entry its words, as the reader's pages say them."""
    reader = admin_person(request)
    wording = Wording(names_of_entries(entries, reader), ZoneInfo(reader.profile.timezone))
    for entry in entries:
        entry.in_words = _in_words(entry, wording)


def _in_words(entry: Any, wording: Wording) -> str:
    old, new = (_value(entry, value, wording) for value in (entry.old_value, entry.new_value))
    if entry.subject_type in IN_SENTENCES:
        return sentence_of(entry, old, new, wording)
    done = ACTIONS.get(entry.action, entry.action)
    what = f"{label_of(entry.field)} {done}" if entry.field else str(done)
    change = " → ".join(shortened(one, MAX_SHOWN) for one in (old, new) if one)
    return f"{what}: {change}" if change else what


def _value(entry: Any, value: Any, wording: Wording) -> str:
    if isinstance(value, str) and value in ROLES:
        return str(ROLES[value])
    if entry.subject_type in IN_SENTENCES:
        return wording.words(entry.field, value)
    if isinstance(value, dict):
        return ", ".join(str(ROLES.get(one, one)) for one in value.values() if isinstance(one, str))
    if value is None:
        return _("nothing") if entry.field else ""
    return str(value)
