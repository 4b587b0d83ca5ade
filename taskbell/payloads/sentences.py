"""Entries of the history as sentences."""

from taskbell.activity.models import Activity, SubjectType
from taskbell.tasks.history_words import Wording, label_of

# Values that are longer, or have several lines, are too much for a sentence.
MAX_QUOTED = 80
# For entries whose action says everything: `{who}` acted, and `{new}` is the new value.
SENTENCES = {
    "created": "{who} created the task.",
    "forced": "{who} completed the task although it was blocked.",
    "unblocked": "The task is no longer blocked.",
    "overdue": "The task became overdue.",
    "recurred": "The next occurrence was created: {new}.",
    "withdrawn": "The task was withdrawn, because {who} reopened the one before.",
    "deleted": "{who} moved the task to the trash.",
    "restored": "{who} restored the task.",
    "purged": "The task was removed for good.",
    "reminded": "A reminder was sent, for {new}.",
    "not_reminded": "A reminder was skipped, for {new}.",
}
COMMENTS = {
    "created": "{who} added a comment.",
    "updated": "{who} edited a comment.",
    "deleted": "{who} deleted a comment.",
}
BEGINNINGS = {"skipped": "skipped an occurrence and changed", "restored": "restored the task and changed"}


def sentence_of(entry: Activity, old: str, new: str, wording: Wording) -> str:
    """What happened, as a sentence. `old` and `new` are the values in words."""
    who = wording.names.people.get(entry.user_id, "Someone") if entry.user_id else "Taskbell"
    if entry.subject_type == SubjectType.COMMENT:
        return _commented(entry, who, wording)
    if entry.field == "assigned_to":
        return _assigned(entry, who, old, new)
    if entry.field == "own_reminders":
        return f"{who} changed personal reminders."
    if entry.action in SENTENCES and (not entry.field or entry.action != "restored"):
        return SENTENCES[entry.action].format(who=who, new=new)
    changed = BEGINNINGS.get(entry.action, "changed")
    if entry.field == "title":
        old, new = f"“{old}”", f"“{new}”"
    # The values read the same if they differ only in tasks that the reader can't see.
    is_short = old != new and max(len(old), len(new)) <= MAX_QUOTED and "\n" not in old + new
    return f"{who} {changed} {_what(entry.field)}" + (f" from {old} to {new}." if is_short else ".")


def _commented(entry: Activity, who: str, wording: Wording) -> str:
    author = (entry.old_value or entry.new_value or {}).get("author")
    if author != entry.user_id:
        return f"{who} deleted a comment by {wording.words('author', author)}."
    return COMMENTS[entry.action].format(who=who)


def _assigned(entry: Activity, who: str, old: str, new: str) -> str:
    if entry.new_value is None:
        is_own = entry.user_id == entry.old_value
        return f"{who} handed the task back." if is_own else f"{who} took the task back from {old}."
    return f"{who} took the task." if entry.user_id == entry.new_value else f"{who} assigned the task to {new}."


def _what(field: str) -> str:
    label = label_of(field)
    return f"“{label}”" if label.startswith(("Blocked", "Repeats", "Next")) else f"the {label.lower()}"
