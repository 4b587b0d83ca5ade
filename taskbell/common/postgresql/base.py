"""The database backend; Django requires this module name."""

from datetime import datetime
from select import POLLIN, poll
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import Cursor

from taskbell.common.deadline import MAX_SECONDS, is_set, refuse_after_deadline


class TimestampLoader(BaseTzLoader):  # type: ignore[misc]
    """Parses a timestamp in an eighth of the time that Django's loader takes, which psycopg runs in Python."""

    def load(self, data: Any) -> datetime | None:
        try:
            return datetime.fromisoformat(str(data, "ascii")).replace(tzinfo=self.timezone)
        except ValueError:  # another date style, or a year that Python can't represent
            moment: datetime | None = super().load(data)
            return moment


class PreparingCursor(Cursor[Any]):
    """Prepares each statement.

    A connection that may prepare keeps the text of the last hundred statements, with their values where the client
    puts them in: so it may only while this cursor executes.
    """

    def execute(self, *arguments: Any, **options: Any) -> Any:
        self.connection.prepare_threshold = 0
        try:
            return super().execute(*arguments, **options)
        finally:
            self.connection.prepare_threshold = None


class DatabaseWrapper(base.DatabaseWrapper):
    """Saves round trips and planning, and stops statements at the deadline of the request."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute_wrappers.append(refuse_after_deadline)

    def get_new_connection(self, conn_params: Any) -> Any:
        if is_set():
            timeout = f"-c statement_timeout={MAX_SECONDS * 1000:.0f}"
            conn_params = conn_params | {"options": f"{conn_params.get('options', '')} {timeout}"}
        connection = super().get_new_connection(conn_params)  # type: ignore[misc]
        loader = type("TimestampLoader", (TimestampLoader,), {"timezone": self.timezone})
        connection.adapters.register_loader("timestamptz", loader)
        return connection

    def is_usable(self) -> bool:
        """False if the server has closed the connection since the last request.

        A server that shuts down says so. While nothing has arrived on the socket, the connection is usable, which saves
        each request a round trip. If something has arrived, it may be a mere notice, so Django's query decides.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = poll()
        waiting.register(self.connection.fileno(), POLLIN)
        return not waiting.poll(0) or bool(super().is_usable())

    def cursor_for_statements(self) -> Any:
        """A cursor for SQL that stays the same: values are sent separately, and the server plans it once."""
        if self.queries_logged:
            return self.cursor()  # the log needs the values
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(PreparingCursor(self.connection))  # type: ignore[attr-defined]
