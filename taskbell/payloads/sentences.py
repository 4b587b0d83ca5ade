"""Entries of the history as sentences."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.activity.models import Activity, SubjectType
from taskbell.tasks.history_words import Wording, label_of, quoted

# Values that are longer, or have several lines, are too much for a sentence.
MAX_QUOTED = 80
# For entries whose action says everything: `{who}` acted, and `{new}` is the new value.
SENTENCES = {
    "created": gettext_noop("%(who)s created the task."),
    "forced": gettext_noop("%(who)s completed the task although it was blocked."),
    "unblocked": gettext_noop("The task is no longer blocked."),
    "overdue": gettext_noop("The task became overdue."),
    "recurred": gettext_noop("The next occurrence was created: %(new)s."),
    "withdrawn": gettext_noop("The task was withdrawn, because %(who)s reopened the one before."),
    "deleted": gettext_noop("%(who)s moved the task to the trash."),
    "restored": gettext_noop("%(who)s restored the task."),
    "purged": gettext_noop("The task was removed for good."),
    "reminded": gettext_noop("A reminder was sent, for %(new)s."),
    "not_reminded": gettext_noop("A reminder was skipped, for %(new)s."),
}
COMMENTS = {
    "created": gettext_noop("%(who)s added a comment."),
    "updated": gettext_noop("%(who)s edited a comment."),
    "deleted": gettext_noop("%(who)s deleted a comment."),
    "restored": gettext_noop("%(who)s restored a comment."),
}
OF_OTHERS = {
    "deleted": gettext_noop("%(who)s deleted a comment by %(author)s."),
    "restored": gettext_noop("%(who)s restored a comment by %(author)s."),
}
# The field, and perhaps its values; what else was done, by the action.
CHANGED = {
    "": (gettext_noop("%(who)s changed %(what)s."), gettext_noop("%(who)s changed %(what)s from %(old)s to %(new)s.")),
    "skipped": (
        gettext_noop("%(who)s skipped an occurrence and changed %(what)s."),
        gettext_noop("%(who)s skipped an occurrence and changed %(what)s from %(old)s to %(new)s."),
    ),
    "restored": (
        gettext_noop("%(who)s restored the task and changed %(what)s."),
        gettext_noop("%(who)s restored the task and changed %(what)s from %(old)s to %(new)s."),
    ),
}
WHAT = {
    "title": gettext_noop("the title"),
    "description": gettext_noop("the description"),
    "stage": gettext_noop("the stage"),
    "status": gettext_noop("the status"),
    "priority": gettext_noop("the priority"),
    "category": gettext_noop("the category"),
    "project": gettext_noop("the project"),
    "labels": gettext_noop("the labels"),
    "due_date": gettext_noop("the due date"),
    "due_time": gettext_noop("the due time"),
    "timezone": gettext_noop("the time zone"),
    "reminders": gettext_noop("the reminders"),
}


def sentence_of(entry: Activity, old: str, new: str, wording: Wording) -> str:
    """What happened, as a sentence. `old` and `new` are the values in words."""
    who = wording.names.people.get(entry.user_id, _("Someone")) if entry.user_id else "Taskbell"
    if entry.subject_type == SubjectType.COMMENT:
        return _commented(entry, who, wording)
    if entry.field == "assigned_to":
        return _assigned(entry) % {"who": who, "old": old, "new": new}
    if entry.field == "own_reminders":
        return _("%(who)s changed personal reminders.") % {"who": who}
    if entry.action in SENTENCES and (not entry.field or entry.action != "restored"):
        return _(SENTENCES[entry.action]) % {"who": who, "new": new}
    if entry.field == "title":
        old, new = quoted(old), quoted(new)
    # The values read the same if they differ only in tasks that the reader can't see.
    is_short = old != new and max(len(old), len(new)) <= MAX_QUOTED and "\n" not in old + new
    plain, with_values = CHANGED.get(entry.action, CHANGED[""])
    values = {"who": who, "what": _what(entry.field), "old": old, "new": new}
    return _(with_values if is_short else plain) % values


def _commented(entry: Activity, who: str, wording: Wording) -> str:
    author = (entry.old_value or entry.new_value or {}).get("author")
    if author != entry.user_id:
        return _(OF_OTHERS[entry.action]) % {"who": who, "author": wording.words("author", author)}
    return _(COMMENTS[entry.action]) % {"who": who}


def _assigned(entry: Activity) -> str:
    if entry.new_value is None:
        is_own = entry.user_id == entry.old_value
        return _("%(who)s handed the task back.") if is_own else _("%(who)s took the task back from %(old)s.")
    if entry.user_id == entry.new_value:
        return _("%(who)s took the task.")
    return _("%(who)s assigned the task to %(new)s.")


def _what(field: str) -> str:
    return _(WHAT[field]) if field in WHAT else quoted(label_of(field))
