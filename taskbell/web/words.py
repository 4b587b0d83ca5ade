"""The names of fields and values, as pages say them."""

from django.utils.translation import gettext_lazy

from taskbell.common.wording import shortened
from taskbell.tasks import history_words

WORDS = {
    "stage": gettext_lazy("Stage"),
    "status": gettext_lazy("Status"),
    "priority": gettext_lazy("Priority"),
    "project": gettext_lazy("Project"),
    "category": gettext_lazy("Category"),
    "label": gettext_lazy("Label"),
    "label_any": gettext_lazy("Label"),
    "assigned_to": gettext_lazy("Assigned to"),
    "created_by": gettext_lazy("Created by"),
    "due_date": gettext_lazy("Due on"),
    "due_date_gte": gettext_lazy("Due from"),
    "due_date_lte": gettext_lazy("Due until"),
    "has_due": gettext_lazy("Has a due date"),
    "blocked": gettext_lazy("Blocked"),
    "archived": gettext_lazy("In archived projects"),
    "q": gettext_lazy("Text"),
}
# What can be changed of many tasks at once.
FIELDS = {
    "stage": gettext_lazy("Stage"),
    "due": gettext_lazy("Due"),
    "assign": gettext_lazy("Assign"),
    "category": gettext_lazy("Category"),
    "labels": gettext_lazy("Labels"),
    "priority": gettext_lazy("Priority"),
    "project": gettext_lazy("Project"),
}


def quoted(title: str) -> str:
    """The title in quotation marks, shortened: toasts are small."""
    return history_words.quoted(shortened(title, 60))
