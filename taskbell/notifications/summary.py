"""The summary: one email instead of many that one person has caused another.

It has no switch, because it lists only kinds that its reader wants.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.quoting import set_apart, short_name
from taskbell.notifications.kinds import Kind, find_kind
from taskbell.notifications.models import Notification
from taskbell.notifications.policy import reason_not_to_send
from taskbell.projects.audience import load_keys, project_name_for

MAX_LISTED = 100


def _wanted(summary: Notification) -> Iterator[Notification]:
    """Those of the first that would be sent now, each task, or what else they are about, once for each kind."""
    inside, seen = Notification.objects.filter(deliveries__gathered_into=summary), set()
    first = list(inside.select_related("task__project", "recipient__profile").order_by("id")[:MAX_LISTED])
    load_keys([notification.recipient for notification in first if notification.recipient])
    for notification in first:
        kind = find_kind(notification.kind)
        about = notification.kind, notification.task_id, kind and kind.about(notification)
        if about not in seen and reason_not_to_send(notification) is None:
            seen.add(about)
            yield notification


def _more(summary: Notification) -> int:
    """How many notifications are not listed, because there are too many."""
    return max(0, Notification.objects.filter(deliveries__gathered_into=summary).count() - MAX_LISTED)


def _unless_empty(summary: Notification) -> str | None:
    is_empty = next(_wanted(summary), None) is None and not _more(summary)
    return gettext_noop("Cancelled because nothing in this summary is still to be sent.") if is_empty else None


def _context(summary: Notification) -> dict[str, Any]:
    listed, more = list(_wanted(summary)), _more(summary)
    return {
        "lines": [_line(notification) for notification in listed],
        "more": more,
        "count": len(listed) + more,
        "are_assignments": {notification.kind for notification in listed} == {"task_assigned"},
    }


def _line(notification: Notification) -> dict[str, Any]:
    kind, task, person = find_kind(notification.kind), notification.task, notification.recipient
    return {
        "label": _(kind.title) if kind else "",
        "id": task.pk if task else None,
        "project": short_name(project_name_for(person, task.project)) if task and person else "",
        "title": set_apart(task.title) if task else kind.about(notification) if kind else "",
    }


SUMMARY = Kind(
    "summary",
    title=gettext_noop("Summary"),
    shows_in_app=False,  # what it lists is there already
    reason_not_to_send=_unless_empty,
    context=_context,
)
KINDS = (SUMMARY,)
