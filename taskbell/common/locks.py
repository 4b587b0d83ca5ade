"""One at a time, across all processes."""

import zlib

from django.db import connection


def one_at_a_time(name: str) -> None:
    """Holds everybody else who calls this with the same name until the transaction ends.

    What is read after it includes what the others have committed. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(name.encode())])
