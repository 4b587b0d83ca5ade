"""The database backend; Django requires this module name."""

from typing import Any

from django.db.backends.sqlite3 import base

from taskbell.common.deadline import has_passed, refuse_after_deadline

STEPS = 50_000  # of the database's virtual machine between two looks at the clock: a few milliseconds


class StoppableSQLite(base.DatabaseWrapper):
    """Stops statements at the deadline of the request."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute_wrappers.append(refuse_after_deadline)

    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)  # type: ignore[misc]
        connection.set_progress_handler(has_passed, STEPS)
        return connection


DatabaseWrapper = StoppableSQLite  # Django's name
