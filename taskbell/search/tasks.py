"""The filters and orders of the list of tasks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Case, F, IntegerField, Min, OuterRef, Q, Subquery, Value, When
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.compiled_query import with_params
from taskbell.common.errors import invalid
from taskbell.common.union import Union
from taskbell.projects.audience import sees_everything
from taskbell.reminders.models import Reminder
from taskbell.search.counts import IN_ARCHIVE, kept_count
from taskbell.search.filters import (
    MAX_CHARACTERS,
    Filter,
    boolean_filter,
    choices_filter,
    condition_of,
    due_day_filter,
    id_filter,
    instant_filter,
    is_filter,
    moment_filters,
    person_filter,
    unbounded_day_filter,
)
from taskbell.search.keyset import Key
from taskbell.search.labels import LABEL_FILTERS
from taskbell.search.listing import Listing
from taskbell.search.pages import PAGE_PARAMETERS, ResultPage, page_of_keys
from taskbell.search.parameters import Parameters, refuse_unknown
from taskbell.tasks.kinds import OPEN_STAGES, OVERDUE, PRIORITY_NAMES, STAGES, STATUSES, Priority, Stage
from taskbell.tasks.models import Task, TaskQuerySet, is_blocked
from taskbell.tasks.policy import editable_by
from taskbell.tasks.queries import ViewerParam
from taskbell.tasks.search_text import has_words

MAX_LISTINGS = 500  # that are kept; each is some SQL
FEW_DAYS = timedelta(days=31)


def _status(given: list[str]) -> Q:
    """Kept short: in a full scan each comparison of a text costs time."""
    names = set(given)
    overdue = OVERDUE in names
    whole = [stage for stage in STAGES if stage in names and (overdue or stage not in OPEN_STAGES)]
    partly = [stage for stage in OPEN_STAGES if (stage in names) != overdue]
    some = Q(stage__in=partly, is_overdue=overdue)
    if not partly:
        return Q(stage__in=whole)
    return Q(stage__in=whole) | some if whole else some


def _priority(names: list[str]) -> Q:
    return Q(priority__in=[Priority[name].value for name in names])


FILTERS = {
    "project": id_filter(
        "project", "Ids of projects, or `inbox`, separated by commas.", words={"inbox": "project__inbox_of"}
    ),
    "archived": is_filter(IN_ARCHIVE, "Whether its project is archived; false unless you send it."),
    "priority": choices_filter(PRIORITY_NAMES, "Priorities, separated by commas.", _priority),
    "status": choices_filter(STATUSES, "Statuses, separated by commas; OVERDUE is one.", _status),
    "stage": choices_filter(STAGES, "Stages, separated by commas.", lambda names: Q(stage__in=names)),
    "due_date": due_day_filter("", "Due on this day."),
    "due_date_gte": due_day_filter("__gte", "Due on this day or later."),
    "due_date_gt": due_day_filter("__gt", "Due after this day."),
    "due_date_lte": due_day_filter("__lte", "Due on this day or earlier."),
    "due_date_lt": due_day_filter("__lt", "Due before this day."),
    "has_due": boolean_filter("Whether it has a due date.", lambda has_due: Q(due_date__isnull=not has_due)),
    **moment_filters("due_at", "due_at", "Due"),
    **moment_filters("next_reminder_at", "remind_at", "With your next reminder"),
    **moment_filters("created_at", "created_at", "Created"),
    **moment_filters("completed_at", "completed_at", "Completed"),
    **moment_filters("updated_at", "updated_at", "Changed"),
    "category": id_filter("category", "Ids of categories, or `none`, separated by commas.", or_none=True),
    **LABEL_FILTERS,
    "assigned_to": person_filter("assigned_to", "Who the task is assigned to."),
    "created_by": person_filter("created_by", "Who created the task."),
    "blocked": is_filter(Q(is_blocked()), "Whether the task is blocked by others."),
    "completed": is_filter(Q(stage=Stage.COMPLETED), "Whether the task is completed."),
    "updated_since": instant_filter("updated_at__gte", "Changed at this moment or later."),
    "q": Filter(
        "Words, all of them in title or description, in any order; case and accents don't matter.",
        lambda text, person: has_words(text, among_few=not sees_everything(person)),
    ),
}
# The filters that the kept counts can answer, by the columns that they are kept by.
UNBOUNDED = {name: unbounded_day_filter(name) for name in FILTERS if name.startswith("due_date")}
COUNTED_BY = ("priority", "status", "stage", "category", "completed", "has_due")
COUNTED: dict[str, Filter] = {name: FILTERS[name] for name in COUNTED_BY} | UNBOUNDED
ORDERS = ("id", "title", "priority", "status", "due_date", "due_at", "remind_at", "created_at", "updated_at", "project")
TRASH_FILTERS = FILTERS | moment_filters("deleted_at", "deleted_at", "Deleted")
TRASH_ORDERS = (*ORDERS, "deleted_at")
# By instant. Of two at midnight, the task of the day that ends comes before the one due at 00:00.
BY_DUE = (Key("due_at", nullable=True), Key("due_date", nullable=True, refines=True))
KEYS = {
    "title": (Key("title_sort"),),
    "status": (Key("status_rank"),),
    "due_date": BY_DUE,
    "due_at": BY_DUE,
    "remind_at": (Key("next_reminder_at", nullable=True),),
    "project": (Key("project_name"), Key("project_id")),
}
# In the order in which people read them.
STATUS_RANK = Case(
    When(Q(is_overdue=True, stage__in=OPEN_STAGES), then=Value(STATUSES.index(OVERDUE))),
    *(When(stage=stage, then=Value(rank)) for rank, stage in enumerate(STAGES)),
    output_field=IntegerField(),
)


def page_of_tasks(parameters: Parameters, person: User) -> ResultPage[int]:
    """The ids on the requested page of the tasks that the person sees, by default the newest first. Raises Invalid."""
    refuse_unknown(parameters, (*FILTERS, "ordering", *PAGE_PARAMETERS))
    keys = order_of(parameters, default="-id")
    condition = _condition(parameters, person)
    if _is_long_range(parameters, keys, person):
        condition = _condition(parameters, person, FILTERS | UNBOUNDED)
    condition, values = with_params(condition, Task)
    counted, more = _counted(parameters, person)
    tasks = listing(sees_everything(person), condition, keys, counted)
    return page_of_keys(tasks, parameters, person=person.pk, **values, **more)


def _is_long_range(parameters: Parameters, keys: Sequence[Key], person: User) -> bool:
    """True if the list is faster on SQLite without bounds on the due moment.

    SQLite has no statistics about ranges. By the index of due moments, it would read everybody's tasks of these days; a
    member's projects or the order of the ids find the page sooner.
    """
    everything = sees_everything(person)
    if connection.vendor != "sqlite" or (everything and keys[0].name == "due_at"):
        return False
    days = [child for child in condition_of(parameters, UNBOUNDED, person).children if isinstance(child, tuple)]
    first, last = ([day for name, day in days if f"__{end}" in name] for end in "gl")
    if first and last:
        return bool(min(last) - max(first) > FEW_DAYS)
    return bool(first or last) and not everything


def _counted(parameters: Parameters, person: User) -> tuple[Q | None, dict[str, Any]]:
    """The condition and its parameter values for the kept counts, if they can tell how many tasks match."""
    if not sees_everything(person) or parameters.keys() - {*COUNTED, "ordering", *PAGE_PARAMETERS}:
        return None, {}
    return with_params(condition_of(parameters, COUNTED, person), Task, "counted")


def _condition(parameters: Parameters, person: User, filters: Mapping[str, Filter] = FILTERS) -> Q:
    """Without the tasks of archived projects, unless the parameters ask for them."""
    return condition_of({"archived": "false", **parameters}, filters, person)


def page_of_trash(parameters: Parameters, person: User) -> ResultPage[int]:
    """The ids of deleted tasks that the person can restore, by default the last deleted first. Raises Invalid."""
    refuse_unknown(parameters, (*TRASH_FILTERS, "ordering", *PAGE_PARAMETERS))
    keys = order_of(parameters, default="-deleted_at", orders=TRASH_ORDERS)
    condition = condition_of(parameters, TRASH_FILTERS, person)
    deleted = Task.objects.concerning(person).filter(editable_by(person), deleted_at__isnull=False)
    names = {key.name for key in keys} | columns_in(condition)
    found = with_columns(deleted, names, person).filter(condition)
    return page_of_keys(Listing(Union([found]), keys), parameters)


def matching_tasks(parameters: Parameters, person: User, *, archived_too: bool = False) -> TaskQuerySet:
    """All tasks that the person sees and that match, in no order. Raises Invalid.

    With `archived_too`, also those of archived projects, unless the parameters say which.
    """
    matching: TaskQuerySet = _matching(Task.objects.visible_to(person), parameters, person, archived_too=archived_too)
    return matching


def matching_lists(parameters: Parameters, person: User) -> Union[Task]:
    """The same tasks as disjoint lists, one per index on the people of a task. Raises Invalid."""
    matching: Union[Task] = _matching(Task.objects.lists_visible_to(person), parameters, person)
    return matching


def _matching(tasks: Any, parameters: Parameters, person: User, *, archived_too: bool = False) -> Any:
    refuse_unknown(parameters, FILTERS)
    condition = condition_of(parameters, FILTERS, person) if archived_too else _condition(parameters, person)
    return with_columns(tasks, columns_in(condition), person).filter(condition)


def ordered_tasks(parameters: Parameters, person: User) -> TaskQuerySet:
    """The same for an export, by default the oldest first: also those of archived projects."""
    refuse_unknown(parameters, (*FILTERS, "ordering"))
    keys = order_of(parameters, default="id")
    filters = {name: text for name, text in parameters.items() if name != "ordering"}
    tasks = matching_tasks(filters, person, archived_too=True)
    ordered: TaskQuerySet = with_columns(tasks, {key.name for key in keys}, person)
    return ordered.order_by(*(key.order() for key in keys))


@lru_cache(MAX_LISTINGS)
def listing(sees_everything: bool, condition: Q, keys: Sequence[Key], counted: Q | None = None) -> Listing:
    """The tasks that a person sees and that match, in this order. The SQL is the same for all people and values.

    `counted` is the same condition on the kept counts, if they can tell how many tasks match.
    """
    person: Any = ViewerParam(sees_everything)
    names = {key.name for key in keys} | columns_in(condition)
    rows = with_columns(Task.objects.lists_visible_to(person), names, person).filter(condition)
    return Listing(rows, keys, None if counted is None else kept_count(counted))


def order_of(parameters: Parameters, *, default: str, orders: Sequence[str] = ORDERS) -> tuple[Key, ...]:
    """The keys that the list is ordered by; ties are broken by id. Raises Invalid."""
    keys: list[Key] = []
    text = parameters.get("ordering", default)
    if len(text) > MAX_CHARACTERS:
        raise invalid(
            "ordering", "invalid", _("Must have at most %(characters)s characters.") % {"characters": MAX_CHARACTERS}
        )
    for part in text.split(","):
        name = part.strip().removeprefix("-")
        if name not in orders:
            raise invalid(
                "ordering",
                "invalid",
                _("Must be one or more of %(orders)s, with or without a -.") % {"orders": ", ".join(orders)},
            )
        known, descending = {key.name for key in keys}, part.strip().startswith("-")
        keys += (replace(key, descending=descending) for key in KEYS.get(name, (Key(name),)) if key.name not in known)
    if keys[-1].name != "id":
        keys.append(Key("id", keys[-1].descending))
    return tuple(keys)


def columns_in(condition: Q) -> set[str]:
    """The columns and annotations that the condition compares."""
    return set(condition.referenced_base_fields)


def with_columns(tasks: Any, names: Collection[str], person: User) -> Any:
    """Adds those of the columns that the table does not have."""
    if "status_rank" in names:
        tasks = tasks.annotate(status_rank=STATUS_RANK)
    if "project_name" in names:
        tasks = tasks.annotate(project_name=F("project__name_sort"))
    if "next_reminder_at" in names:
        mine = Reminder.objects.visible_to(person).filter(task=OuterRef("pk")).order_by().values("task")
        tasks = tasks.annotate(next_reminder_at=Subquery(mine.annotate(first=Min("next_at")).values("first")))
    return tasks
