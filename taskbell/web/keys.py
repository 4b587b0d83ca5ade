"""The page of keyboard shortcuts."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from taskbell.web.door import signed_in
from taskbell.web.shell import AppRequest

NAMED_KEYS = (gettext_noop("Ctrl"), gettext_noop("Shift"), gettext_noop("Enter"))  # as keyboards show them


@signed_in
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The shortcuts, in groups."""
    return AppRequest(request).page("app/keys.html", {"groups": _groups(), "here": "keys"})


def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            _("Anywhere"),
            [
                ("q", _("Add a task")),
                ("/", _("Search")),
                ("Ctrl K", _("Go to a page, a task or a command")),
                ("g t", _("Today")),
                ("g u", _("Upcoming")),
                ("g a", _("All tasks")),
                ("g b", _("Board")),
                ("g c", _("Calendar")),
                ("g p", _("Projects")),
                ("g r", _("Reports")),
                ("g n", _("Notifications")),
                ("z", _("Undo")),
                ("?", _("Keyboard shortcuts")),
                ("Esc", _("Close; from a task, back to its list")),
            ],
        ),
        (
            _("In a list"),
            [
                ("j k ↓ ↑", _("Next and previous task")),
                ("Enter", _("Open the task")),
                ("e", _("Complete the task")),
                ("s", _("Stage")),
                ("t", _("Due date")),
                ("p", _("Priority")),
                ("a", _("Assign")),
                ("r", _("Reminder")),
                ("m", _("Move to a project")),
                ("l", _("Labels")),
                ("c", _("Comment")),
                ("x", _("Select; with Shift, up to here")),
                ("#", _("Delete")),
            ],
        ),
        (
            _("On the board"),
            [
                ("← ↑ ↓ →", _("Next card")),
                ("Shift ← →", _("Move the card to another column")),
                ("m", _("Move the card to …")),
            ],
        ),
    ]
