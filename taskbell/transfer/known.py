"""Finds the rows whose tasks are here already: from an earlier import, or because this installation exported them."""

from taskbell.accounts.models import User
from taskbell.common.locks import one_at_a_time
from taskbell.common.sql import execute, fetch
from taskbell.tasks.models import Task
from taskbell.transfer.columns import CALENDAR_SOURCE

BY_OWN_ID = "task.id = staged.own_id"
BY_SOURCE = "task.source_id = staged.source_id AND task.source = staged.source"


def mark_known(by: User, only: str = "") -> None:
    """Marks the rows whose tasks the person sees; tasks in the trash don't count. `only` limits rows and tasks.

    Call it in the transaction that writes. Until that ends, other imports of rows with a `source_id` wait, so two
    imports of the same file create its tasks once.
    """
    if not fetch("SELECT 1 FROM staged_task WHERE source_id IS NOT NULL LIMIT 1"):
        return
    one_at_a_time("import")
    # Looked up by id: joined, SQLite would read all tasks of the person once for each row.
    visible, bound = Task.objects.visible_to(by).order_by().values("id").query.sql_with_params()
    pairs = " UNION ALL ".join(
        f"SELECT staged.number, task.id FROM staged_task staged JOIN tasks_task task ON {same}"  # noqa: S608 - ours
        f" WHERE NOT staged.is_bad {only} AND EXISTS (SELECT 1 FROM ({visible}) seen WHERE seen.id = task.id)"
        for same in (BY_OWN_ID, BY_SOURCE)
    )
    found = f"SELECT number, MIN(id) AS id FROM ({pairs}) pair GROUP BY number"  # noqa: S608 - names of our own
    execute(
        f"UPDATE staged_task SET id = found.id, is_known = %s FROM ({found}) found"  # noqa: S608 - ours
        " WHERE found.number = staged_task.number",
        [True, *bound, *bound],
    )


def mark_history_of_known() -> None:
    """Marks completed occurrences of calendars whose repeating task is known, so that a skipped task gets no more."""
    execute(
        "UPDATE staged_task SET id = begun.id, is_known = %s FROM staged_task begun"
        " WHERE begun.file_id = staged_task.series AND begun.is_known"
        " AND staged_task.source = %s AND staged_task.is_known IS NULL AND NOT staged_task.is_bad",
        [True, CALENDAR_SOURCE],
    )
