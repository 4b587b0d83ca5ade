"""The database backend, by the name that Django looks for."""

from select import POLLIN, poll
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Cursor

from taskbell.common.postgresql.moments import MomentLoader


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the server less: not whether it is still there, and not to plan the same query every time."""

    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)  # type: ignore[misc]
        loader = type("MomentLoader", (MomentLoader,), {"timezone": self.timezone})
        connection.adapters.register_loader("timestamptz", loader)
        return connection

    def is_usable(self) -> bool:
        """False where the server has hung up, or been restarted, since the last request.

        A server that leaves says so. As long as nothing has arrived, there is nothing to ask; this saves a round trip
        of every request. Where something has, it may also be a notice, and the query finds out.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = poll()
        waiting.register(self.connection.fileno(), POLLIN)
        return not waiting.poll(0) or bool(super().is_usable())

    def cursor_for_statements(self) -> Any:
        """A cursor for SQL that is always the same: its values are sent apart, and the server plans it once."""
        if self.queries_logged:
            return self.cursor()  # which can tell the log what the values were
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(Cursor(self.connection))  # type: ignore[attr-defined]
