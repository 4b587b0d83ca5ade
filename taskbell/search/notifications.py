"""The filters of a person's notifications."""

from django.db.models import OuterRef, Q, QuerySet, Subquery

from taskbell.accounts.models import User
from taskbell.notifications.inbox import inbox_of
from taskbell.notifications.kinds import registered
from taskbell.notifications.models import Notification
from taskbell.search.filters import boolean_filter, choices_filter, id_filter
from taskbell.search.keyset import Key
from taskbell.search.pages import ResultPage, page_of_rows
from taskbell.search.parameters import Parameters
from taskbell.tasks.models import Task

KINDS = [kind.name for kind in registered() if kind.shows_in_app]
FILTERS = {
    "read": boolean_filter("Whether you have read it.", lambda is_read: Q(read_at__isnull=not is_read)),
    "kind": choices_filter(KINDS, "Kinds, separated by commas.", lambda names: Q(kind__in=names)),
    "task": id_filter("task", "The id of a task."),
}


def notifications_of(person: User) -> QuerySet[Notification]:
    """The person's notifications, each with the title of its task where the person still sees it."""
    task = Task.objects.visible_to(person).filter(pk=OuterRef("task"))
    title = Subquery(task.order_by().values("title")[:1])
    return inbox_of(person).with_mail().defer("data").annotate(task_title=title)


def page_of_notifications(parameters: Parameters, person: User) -> ResultPage[Notification]:
    """The person's notifications, the newest first. Raises Invalid."""
    mine = notifications_of(person)
    return page_of_rows(mine, parameters, person, keys=[Key("id", descending=True)], filters=FILTERS)
