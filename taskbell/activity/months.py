"""The months of the history. On PostgreSQL each is a table, so that removing one takes an instant.

The tables are ranges of IDs, not of times: a search by ID reads only one of them, and the newest entries are in the
last one. At the start of a month, the IDs jump to the next range (docs/decisions/0060).
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
from taskbell.common.online import is_lock_timeout
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
    """Starts a table for a new month, and removes months that are no longer kept.

    If other transactions lock the tables for seconds, the next call tries again.
    """
    try:
        if connection.vendor == "postgresql":
            start_month(now)
        if settings.TASKBELL_HISTORY_MONTHS:
            remove_before(start_of_month(now, back=settings.TASKBELL_HISTORY_MONTHS))
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        log.info("Can't lock the tables of the history now, because other transactions use them. Trying again later.")


def start_of_month(now: datetime, *, back: int = 0) -> datetime:
    """When the month began that was so many months ago, in the zone of `now`."""
    year, month = divmod(now.year * 12 + now.month - 1 - back, 12)
    return now.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def start_month(now: datetime) -> None:
    """Moves on to the next table if the current one began in an earlier month. One more is always ready."""
    _add_next_table()
    if _moved_on(now):
        _add_next_table()


@transaction.atomic
def _add_next_table() -> None:
    """Readers and writers of the history don't wait for it."""
    _lock_tables()
    number = _current_table() + 1
    if number in _tables():
        return
    name, begin, end = f"activity_activity_{number}", number * RANGE, (number + 1) * RANGE
    execute(f"CREATE TABLE {name} (LIKE activity_activity INCLUDING DEFAULTS)")
    execute(f"ALTER TABLE activity_activity ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ({end})")


@transaction.atomic
def _moved_on(now: datetime) -> bool:
    """True if the IDs have jumped to the next table. It must be committed already: a rollback doesn't undo the jump."""
    _lock_tables()
    begin = _current_table() * RANGE
    first = Activity.objects.filter(pk__gte=begin).order_by("pk").values_list("timestamp", flat=True).first()
    if first is None or first >= start_of_month(now):
        return False
    execute("SELECT setval('activity_activity_id_seq', %s, false)", [begin + RANGE])
    return True


def remove_before(begin: datetime) -> None:
    """Removes the entries before the first one of this time or later, on PostgreSQL only in whole tables.

    Clients with a cursor from before that start over.
    """
    current_checkpoint()  # creates the row of the epoch in a new installation
    if connection.vendor == "postgresql":
        _remove_tables_before(begin)
    else:
        _remove_rows_before(begin)


def _remove_rows_before(begin: datetime) -> None:
    entries = Activity.objects.order_by("pk").values_list("pk", flat=True)
    kept = entries.filter(timestamp__gte=begin).first() or MAX_ID
    if (entries.first() or MAX_ID) < kept:
        _remove_positions(before=kept)
        in_batches(lambda: execute(REMOVE_ENTRIES, [BATCH_ROWS]))


def _remove_tables_before(begin: datetime) -> None:
    for number in _tables():
        if number >= _current_table() or _has_later(number, begin):
            return
        _remove_positions(before=(number + 1) * RANGE)
        _drop_table(number)


def _has_later(number: int, begin: datetime) -> bool:
    """True if an entry of this table is from this time or later. Usually the last one shows it."""
    entries = Activity.objects.filter(pk__gte=number * RANGE, pk__lt=(number + 1) * RANGE)
    last = entries.order_by("-pk").values_list("timestamp", flat=True).first()
    return last is not None and (last >= begin or entries.filter(timestamp__gte=begin).exists())


def _remove_positions(*, before: int) -> None:
    """Records the last position of the entries with lower IDs, and removes their positions."""
    last = Position.objects.filter(entry_id__lt=before).order_by("-position").values("position")[:1]
    Epoch.objects.filter(pk=1).update(removed_to=Greatest("removed_to", Coalesce(Subquery(last), 0)))
    in_batches(lambda: execute(REMOVE_POSITIONS, [before, BATCH_ROWS]))


def _tables() -> list[int]:
    return sorted(int(name.rpartition("_")[2]) for (name,) in fetch(TABLES))


def _current_table() -> int:
    """The number of the table that gets the next entry."""
    return int(fetch("SELECT last_value FROM activity_activity_id_seq")[0][0]) // RANGE


def _lock_tables() -> None:
    """One process at a time. The timeout limits how long others queue behind a wait for a table."""
    execute("SET LOCAL lock_timeout = '2s'")
    one_at_a_time("months of the history")


@transaction.atomic
def _drop_table(number: int) -> None:
    _lock_tables()
    execute(f"DROP TABLE IF EXISTS activity_activity_{number}")
