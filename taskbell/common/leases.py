"""Leases: rows that one worker at a time works on. What a dead worker had leased is free again when its lease ends.

The model has `lease_token` and `lease_until`. A token begins with the number of the process that holds the lease, so
that the leases of a process that has died can be ended early.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import QuerySet

from taskbell.common.sql import fetch

PROCESS = secrets.randbits(64)


def claim(rows: QuerySet[Any, Any], *, limit: int, until: datetime, **values: Any) -> list[int]:
    """Leases the first of these rows to the caller by one UPDATE; each goes to one of any competing workers.

    Writes the other values into them as well, and returns their ids. Call it in a transaction. PostgreSQL skips rows
    that another worker is claiming; SQLite lets one writer in at a time.
    """
    options = rows.model._meta
    columns = {"lease_token": UUID(int=_first_token(PROCESS) + secrets.randbits(64)), "lease_until": until, **values}
    written = [options.get_field(name).get_db_prep_value(value, connection) for name, value in columns.items()]
    chosen = rows.select_for_update(skip_locked=True).values("pk")[:limit]
    query, parameters = chosen.query.sql_with_params()
    # Asked by IN, PostgreSQL may run the query more than once, and claim more than the limit.
    condition = f"= ANY (ARRAY({query}))" if connection.vendor == "postgresql" else f"IN ({query})"
    assignments = ", ".join(f"{name} = %s" for name in columns)
    statement = f"UPDATE {options.db_table} SET {assignments} WHERE id {condition} RETURNING id"  # noqa: S608 - our names
    return [pk for (pk,) in fetch(statement, [*written, *parameters])]


def owned(rows: Sequence[models.Model]) -> QuerySet[Any]:
    """Those of the rows, claimed together, that no other worker has claimed since.

    A lease that has ended is as good as a running one until somebody claims the row.
    """
    token = rows[0].lease_token  # type: ignore[attr-defined]
    return type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows], lease_token=token)


def end(rows: QuerySet[Any, Any], *, of: int, now: datetime) -> int:
    """Ends now those leases of these rows that a process holds; call it when the process has died. Returns how many.

    If the process is alive after all, it goes on, and loses only what somebody else claims.
    """
    tokens = UUID(int=_first_token(of)), UUID(int=_first_token(of + 1) - 1)
    return rows.filter(lease_token__range=tokens, lease_until__gt=now).update(lease_until=now)


def _first_token(process: int) -> int:
    return process << 64
