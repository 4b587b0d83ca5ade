"""Migrations of large tables while others read and write them."""

import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.migrations.operations import AddIndex, RemoveIndex
from django.db.transaction import atomic

LOCK_TIMEOUT = "1s"
LOCK_NOT_AVAILABLE = "55P03"
MAX_ATTEMPTS = 300


def is_lock_timeout(error: OperationalError) -> bool:
    """True if PostgreSQL gave up waiting for a lock."""
    return getattr(error.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE


def patiently(schema_editor: Any, act: Callable[[], Any]) -> None:
    """Runs it in a transaction that waits at most a second for a lock, then lets others through and tries again.

    On PostgreSQL, everybody who wants to read a table queues behind a statement that waits to change it.
    """
    database = schema_editor.connection
    is_postgresql = database.vendor == "postgresql"
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            with atomic(database.alias):
                if is_postgresql:
                    schema_editor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                act()
                if is_postgresql:
                    schema_editor.execute("SET LOCAL lock_timeout = DEFAULT")
            break
        except OperationalError as error:
            if not is_lock_timeout(error) or attempt == MAX_ATTEMPTS:
                raise
            time.sleep(1)


def add_index(schema_editor: Any, model: Any, index: Any) -> None:
    """Creates the index, on PostgreSQL while others write; one that an interrupted migration has left goes first."""
    drop_index(schema_editor, index.name)
    options = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    schema_editor.add_index(model, index, **options)


def drop_index(schema_editor: Any, name: str) -> None:
    """Drops the index if it is there."""
    how = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX {how}IF EXISTS {schema_editor.quote_name(name)}")


class AddIndexOnline(AddIndex):
    """Like AddIndex, while others write. The migration must have `atomic = False`; it can be repeated."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        add_index(schema_editor, to_state.apps.get_model(app_label, self.model_name), self.index)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        drop_index(schema_editor, self.index.name)


class RemoveIndexOnline(RemoveIndex):
    """Like RemoveIndex, without waiting for readers while others wait for it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        drop_index(schema_editor, self.name)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        state = to_state.models[app_label, self.model_name_lower]
        index = state.get_index_by_name(self.name)
        add_index(schema_editor, to_state.apps.get_model(app_label, self.model_name), index)
