"""The board: open tasks by stage, and what was done in the last two weeks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, Value
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.common.sql import in_one_query
from taskbell.projects.audience import sees_everything
from taskbell.search.parameters import Parameters
from taskbell.search.tasks import FILTERS, matching_tasks
from taskbell.tasks.kinds import Stage
from taskbell.web.dates import Dates
from taskbell.web.door import signed_in
from taskbell.web.rows import TaskRow, rows_of
from taskbell.web.shell import AppRequest
from taskbell.web.today import whose

CARDS = 50  # in a column
DONE_FOR = timedelta(days=14)
COUNT = "count:"  # before the stage, in rows that count instead of naming a card
COLUMNS = {
    Stage.PENDING: "todo",
    Stage.IN_PROGRESS: "doing",
    Stage.COMPLETED: "ok",
}


@dataclass(frozen=True)
class BoardColumn:
    """A stage with its first cards, and how many tasks there are in all."""

    stage: str
    head: Any
    mark: str
    rows: list[TaskRow]
    count: int

    @property
    def hidden(self) -> int:
        """How many tasks are not shown."""
        return max(0, self.count - len(self.rows))


def _tasks(parameters: Parameters, person: User, dates: Dates) -> Any:
    """The tasks of the board, by the filters of the API. Raises Invalid."""
    given = {name: text for name, text in parameters.items() if name in FILTERS and name != "stage"}
    recent = Q(stage=Stage.COMPLETED, completed_at__gte=dates.now - DONE_FOR)
    shown = Q(stage__in=[Stage.PENDING, Stage.IN_PROGRESS]) | recent
    mine = Q() if given else whose(parameters, person)
    # A project chosen by the filter is shown even if it is archived.
    return matching_tasks(given, person, archived_too="project" in given).filter(mine, shown)


def placed(
    parameters: Parameters, person: User, dates: Dates, *, only: Collection[int] | None = None
) -> list[tuple[int, str, str]]:
    """The ids of the cards by stage: the soonest due first, the last completed first. One query. Raises Invalid."""
    tasks = _tasks(parameters, person, dates).values_list("pk", "stage")
    if only is not None:
        return [(pk, stage, "") for pk, stage in tasks.filter(pk__in=only)]
    return [(pk, stage, "") for pk, stage in in_one_query(_first_cards(tasks))]


def _first_cards(tasks: Any) -> list[Any]:
    """A query for each column: the first of these tasks, as id and stage."""
    by_due = (F("due_at").asc(nulls_last=True), "-priority", "id")
    orders = dict.fromkeys(COLUMNS, by_due) | {Stage.COMPLETED: ("-completed_at", "-id")}
    return [tasks.filter(stage=stage).order_by(*order)[:CARDS] for stage, order in orders.items()]


@signed_in
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The page."""
    app, parameters = AppRequest(request), request.GET.dict()
    columns = columns_of(app, parameters)
    context = {
        "columns": columns,
        "everyone": parameters.get("everyone") == "true",
        "sees_everything": sees_everything(app.person),
        "here": "board",
    }
    return app.page("app/board.html", context)


def columns_of(app: AppRequest, parameters: Parameters) -> list[BoardColumn]:
    """The columns of the board, in two queries. Raises Invalid."""
    tasks = _tasks(parameters, app.person, app.dates)
    counts = tasks.order_by().values("stage").annotate(number=Count("pk"))
    counted = counts.values_list("number", Concat(Value(COUNT), "stage"))
    found = in_one_query([*_first_cards(tasks.values_list("pk", "stage")), counted])
    totals = {name.removeprefix(COUNT): number for number, name in found if name.startswith(COUNT)}
    rows = rows_of([(pk, stage, "") for pk, stage in found if not stage.startswith(COUNT)], app.person, app.dates)
    return [
        BoardColumn(stage, stage.label, mark, [row for row in rows if row.section == stage], totals.get(stage, 0))
        for stage, mark in COLUMNS.items()
    ]
