"""The filters of the history."""

from datetime import time

from django.db.models import OuterRef, Q, QuerySet, Subquery

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.clock import end_of_day, instant
from taskbell.common.values import read_date
from taskbell.projects.audience import sees_everything
from taskbell.search.filters import DAY, Filter, condition_of, id_filter, instant_filter, person_filter, text_filter
from taskbell.search.keyset import Key
from taskbell.search.pages import ResultPage, page_of_rows
from taskbell.search.parameters import Parameters
from taskbell.tasks.models import Task


def _on_day(text: str, person: User) -> Q:
    day, zone = read_date(text), person.profile.timezone
    return Q(timestamp__gte=instant(day, time(), zone), timestamp__lt=end_of_day(day, zone))


FILTERS = {
    "task": id_filter("task", "The id of a task."),
    "user": person_filter("user", "Who made the change; `none` is the clock."),
    "action": text_filter("action", "The action, such as `created` or `updated`."),
    "field": text_filter("field", "Which field was changed."),
    "since": instant_filter("timestamp__gte", "At this moment or later."),
    "until": instant_filter("timestamp__lt", "Before this moment."),
    "date": Filter("On this day, in your time zone.", _on_day, DAY),
}


def page_of_activity(parameters: Parameters, person: User, *, task: Task | None = None) -> ResultPage[Activity]:
    """Entries of the task, or of all tasks that the person sees, the newest first. Raises Invalid.

    Those who see everything also get the entries of tasks that no longer exist.
    """
    entries = Activity.objects.of_tasks().filter(task=task) if task is not None else _seen_by(person)
    return page_of_rows(entries, parameters, person, keys=[Key("id", descending=True)], filters=FILTERS)


def last_activity(parameters: Parameters, person: User, *, before: int | None = None, most: int) -> list[Activity]:
    """The newest of these entries, or those before one: a query. `shown_title` is that of a task one can open."""
    entries = _seen_by(person).filter(condition_of(parameters, FILTERS, person))
    titles = Task.objects.visible_to(person).filter(pk=OuterRef("task")).values("title")
    older = entries if before is None else entries.filter(pk__lt=before)
    return list(older.annotate(shown_title=Subquery(titles)).order_by("-id")[:most])


def _seen_by(person: User) -> QuerySet[Activity]:
    entries = Activity.objects.of_tasks()
    return entries if sees_everything(person) else entries.filter(task__in=Task.objects.visible_to(person))
