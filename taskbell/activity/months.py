"""The months of the history. PostgreSQL has a table for each, so that a whole month can go at once.

The tables are ranges of IDs, not of times: an entry is found by its ID in one of them alone, and the newest entries are
all in the last one. A new month begins where the IDs jump to the next range (docs/decisions/0060).
"""

import logging
from datetime import datetime

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce, Greatest

from taskbell.activity.models import Activity, Epoch, Position
from taskbell.activity.queries import current_checkpoint
from taskbell.common.locks import in_batches, one_at_a_time
from taskbell.common.online import LOCK_NOT_AVAILABLE
from taskbell.common.sql import execute, fetch

log = logging.getLogger(__name__)

RANGE = 10**9  # IDs of a month; should it have more entries, it continues in the next table
MAX_ID = 2**63 - 1
BATCH_ROWS = 5000
TABLES = """
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'activity_activity'::regclass
"""
# The last position stays, so that no reader sees the end of the history go back.
REMOVE_POSITIONS = """
    DELETE FROM activity_place WHERE position IN (
        SELECT position FROM activity_place
        WHERE line_id < %s AND position < (SELECT MAX(position) FROM activity_place) ORDER BY position LIMIT %s
    )
"""
REMOVE_ENTRIES = """
    DELETE FROM activity_activity WHERE id IN (
        SELECT id FROM activity_activity WHERE id <= (SELECT removed_to FROM activity_epoch WHERE id = 1) LIMIT %s
    )
"""


def keep_months(now: datetime) -> None:
    """Starts a table for a new month, and removes the months that are no longer kept.

    Where other transactions hold the tables for seconds, that waits for the next call.
    """
    try:
        if connection.vendor == "postgresql":
            start_month(now)
        if settings.TASKBELL_HISTORY_MONTHS:
            remove_before(start_of_month(now, back=settings.TASKBELL_HISTORY_MONTHS))
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        log.info("The months of the history wait, because other transactions hold their tables.")


def start_of_month(now: datetime, *, back: int = 0) -> datetime:
    """When the month began that was so many months ago, in the zone of `now`."""
    year, month = divmod(now.year * 12 + now.month - 1 - back, 12)
    return now.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def start_month(now: datetime) -> None:
    """Lets the IDs jump to the next table, if the one in use began in an earlier month. One more is always ready."""
    _add_next_table()
    if _go_on(now):
        _add_next_table()


@transaction.atomic
def _add_next_table() -> None:
    """Nobody has to wait for that who reads or writes the history."""
    _lock_tables()
    number = _current_table() + 1
    if number in _tables():
        return
    name, begin, end = f"activity_activity_{number}", number * RANGE, (number + 1) * RANGE
    execute(f"CREATE TABLE {name} (LIKE activity_activity INCLUDING DEFAULTS)")
    execute(f"ALTER TABLE activity_activity ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ({end})")


@transaction.atomic
def _go_on(now: datetime) -> bool:
    """True if the next entry goes to the next table. That was committed before, because a rollback undoes no jump."""
    _lock_tables()
    begin = _current_table() * RANGE
    first = Activity.objects.filter(pk__gte=begin).order_by("pk").values_list("timestamp", flat=True).first()
    if first is None or first >= start_of_month(now):
        return False
    execute("SELECT setval('activity_activity_id_seq', %s, false)", [begin + RANGE])
    return True


def remove_before(begin: datetime) -> None:
    """Removes the oldest entries: on PostgreSQL month by month, on SQLite up to the first one that is to be kept.

    Clients whose cursor is from before that start over.
    """
    current_checkpoint()  # writes the row of the epoch if it is the first call of all
    if connection.vendor != "postgresql":
        entries = Activity.objects.order_by("pk").values_list("pk", flat=True)
        kept = entries.filter(timestamp__gte=begin).first() or MAX_ID
        if (entries.first() or MAX_ID) < kept:
            _remove_positions(before=kept)
            in_batches(lambda: execute(REMOVE_ENTRIES, [BATCH_ROWS]))
        return
    for number in _tables():
        if number >= _current_table() or _has_later(number, begin):
            return
        _remove_positions(before=(number + 1) * RANGE)
        _drop_table(number)


def _has_later(number: int, begin: datetime) -> bool:
    """True if an entry of this table is from this time or later. The last one usually answers."""
    entries = Activity.objects.filter(pk__gte=number * RANGE, pk__lt=(number + 1) * RANGE)
    last = entries.order_by("-pk").values_list("timestamp", flat=True).first()
    return last is not None and (last >= begin or entries.filter(timestamp__gte=begin).exists())


def _remove_positions(*, before: int) -> None:
    """Notes up to where the entries with lower IDs go, and removes their positions."""
    last = Position.objects.filter(entry_id__lt=before).order_by("-position").values("position")[:1]
    Epoch.objects.filter(pk=1).update(removed_to=Greatest("removed_to", Coalesce(Subquery(last), 0)))
    in_batches(lambda: execute(REMOVE_POSITIONS, [before, BATCH_ROWS]))


def _tables() -> list[int]:
    return sorted(int(name.rpartition("_")[2]) for (name,) in fetch(TABLES))


def _current_table() -> int:
    """The number of the table that the next entry goes to."""
    return int(fetch("SELECT last_value FROM activity_activity_id_seq")[0][0]) // RANGE


def _lock_tables() -> None:
    """One process at a time; and nobody queues for long behind a wait for a table."""
    execute("SET LOCAL lock_timeout = '2s'")
    one_at_a_time("months of the history")


@transaction.atomic
def _drop_table(number: int) -> None:
    _lock_tables()
    execute(f"DROP TABLE IF EXISTS activity_activity_{number}")
