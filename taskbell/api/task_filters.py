"""What the list of tasks can be narrowed and ordered by."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Case, IntegerField, Min, OuterRef, Q, Subquery, Value, When
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from taskbell.accounts.models import User
from taskbell.api.cursor import Key
from taskbell.api.listing import Listing
from taskbell.api.pagination import refuse_unknown
from taskbell.api.parameters import (
    Filter,
    contains,
    day_filter,
    documented,
    flag,
    moment,
    number,
    one_of,
    person_filter,
    wanted,
)
from taskbell.common.errors import invalid
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import (
    OPEN_STAGES,
    OVERDUE,
    PRIORITY_NAMES,
    STAGES,
    STATUSES,
    Priority,
    Stage,
    Task,
    is_blocked,
)
from taskbell.tasks.queries import ViewerParam

IS_OVERDUE = Q(is_overdue=True, stage__in=OPEN_STAGES)
IS_BLOCKED = Q(is_blocked())
MOST_LISTINGS = 500  # that are kept; each is some SQL


def _status(text: str, person: User) -> Q:
    """Said as shortly as can be: where all rows are read, each comparison of a text is seen in the time."""
    names = set(one_of(text, STATUSES))
    overdue = OVERDUE in names
    whole = [stage for stage in STAGES if stage in names and (overdue or stage not in OPEN_STAGES)]
    partly = [stage for stage in OPEN_STAGES if (stage in names) != overdue]
    some = Q(stage__in=partly, is_overdue=overdue)
    if not partly:
        return Q(stage__in=whole)
    return Q(stage__in=whole) | some if whole else some


def _category(text: str, person: User) -> Q:
    return Q(category__isnull=True) if text == "none" else Q(category=number(text))


def _words(text: str, person: User) -> Q:
    return contains("title", text.strip()) | contains("description", text.strip())


def _priority(text: str, person: User) -> Q:
    return Q(priority__in=[Priority[name].value for name in one_of(text, PRIORITY_NAMES)])


def _blocked(text: str, person: User) -> Q:
    return IS_BLOCKED if flag(text) else ~IS_BLOCKED


def _completed(text: str, person: User) -> Q:
    done = Q(stage=Stage.COMPLETED)
    return done if flag(text) else ~done


FILTERS = {
    "priority": Filter("Priorities, separated by commas.", _priority),
    "status": Filter("Statuses, separated by commas; OVERDUE is one.", _status),
    "stage": Filter("Stages, separated by commas.", lambda text, person: Q(stage__in=one_of(text, STAGES))),
    "due_date": day_filter("due_date", "", "Due on this day."),
    "due_date_gte": day_filter("due_date", "__gte", "Due on this day or later."),
    "due_date_gt": day_filter("due_date", "__gt", "Due after this day."),
    "due_date_lte": day_filter("due_date", "__lte", "Due on this day or earlier."),
    "due_date_lt": day_filter("due_date", "__lt", "Due before this day."),
    "category": Filter("The id of a category, or `none`.", _category),
    "assigned_to": person_filter("assigned_to", "Who the task is assigned to."),
    "created_by": person_filter("created_by", "Who created the task."),
    "blocked": Filter("Whether the task waits for others.", _blocked),
    "completed": Filter("Whether the task is completed.", _completed),
    "updated_since": Filter(
        "Changed at this moment or later.", lambda text, person: Q(updated_at__gte=moment(text, person))
    ),
    "q": Filter("Text in title or description.", _words),
}
ORDERINGS = ["id", "title", "priority", "status", "due_date", "remind_at", "created_at", "updated_at"]
NULLABLE = {"due_date", "remind_at"}
COLUMNS = {"status": "status_rank", "remind_at": "next_reminder_at"}
PARAMETERS = [
    *documented(FILTERS),
    OpenApiParameter("ordering", str, description=f"{', '.join(ORDERINGS)}; several with commas, descending with -."),
]
# In the order in which people read them.
STATUS_RANK = Case(
    When(IS_OVERDUE, then=Value(STATUSES.index(OVERDUE))),
    *(When(stage=stage, then=Value(rank)) for rank, stage in enumerate(STAGES)),
    output_field=IntegerField(),
)


def filtered(request: Request, *, also: Sequence[str] = (), in_pages: bool = True) -> Q:
    """That a task fits the query. Raises Invalid naming each parameter that is unknown or cannot be read."""
    refuse_unknown(request, {*FILTERS, "ordering", *also}, in_pages=in_pages)
    return wanted(request, FILTERS)


@lru_cache(MOST_LISTINGS)
def listing(sees_everything: bool, condition: Q, keys: Sequence[Key]) -> Listing:
    """The tasks that a person sees and that fit, in this order. The SQL is the same for all people and values."""
    person: Any = ViewerParam(sees_everything)
    return Listing(with_order_columns(Task.objects.lists_visible_to(person).filter(condition), keys, person), keys)


def ordering(request: Request, *, usual: str = "-id") -> tuple[Key, ...]:
    """The keys the list is ordered by; ties are broken by id. Raises Invalid."""
    keys: list[Key] = []
    for word in request.query_params.get("ordering", usual).split(","):
        name = word.strip().removeprefix("-")
        if name not in ORDERINGS:
            raise invalid("ordering", "invalid", f"This is one of {', '.join(ORDERINGS)}, with or without a -.")
        column = COLUMNS.get(name, name)
        if column not in {key.name for key in keys}:
            keys.append(Key(column, word.strip().startswith("-"), nullable=name in NULLABLE))
    if keys[-1].name != "id":
        keys.append(Key("id", keys[-1].descending))
    return tuple(keys)


def with_order_columns(tasks: Any, keys: Sequence[Key], person: User) -> Any:
    """Adds the columns that a task has not of itself, where the list is ordered by them."""
    names = {key.name for key in keys}
    if "status_rank" in names:
        tasks = tasks.annotate(status_rank=STATUS_RANK)
    if "next_reminder_at" in names:
        mine = Reminder.objects.visible_to(person).filter(task=OuterRef("pk")).order_by().values("task")
        tasks = tasks.annotate(next_reminder_at=Subquery(mine.annotate(first=Min("next_at")).values("first")))
    return tasks
