"""One at a time, across all processes."""

import time
import zlib

from django.db import connection

# SQLite lets those who wait try again after at most this long (its default busy handler), in no order.
LONGEST_TRY_SECONDS = 0.1


def let_others_write() -> None:
    """Call it between two transactions of long work, or on SQLite nobody else writes until the work is done."""
    if connection.vendor == "sqlite":
        time.sleep(LONGEST_TRY_SECONDS)


def one_at_a_time(name: str) -> None:
    """Holds everybody else who calls this with the same name until the transaction ends.

    What is read after it includes what the others have committed. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(name.encode())])
