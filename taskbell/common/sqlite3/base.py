"""The database backend; Django requires this module name."""

from collections.abc import Callable
from typing import Any

from django.db.backends.sqlite3 import base

from taskbell.common.deadline import has_passed, refuse_after_deadline, seconds_left
from taskbell.common.sqlite3.turns import Turns, turns_of

STEPS = 50_000  # of the database's virtual machine between two looks at the clock: a few milliseconds
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
MAX_WAIT_SECONDS = 20.0  # for the turn, as for SQLite's own lock


class FairSQLite(base.DatabaseWrapper):
    """Stops statements at the deadline of the request, and lets writers take turns."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute_wrappers += [refuse_after_deadline, self._write_in_turn]
        self._taken: Turns | None = None

    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)  # type: ignore[misc]
        connection.set_progress_handler(has_passed, STEPS)
        return connection

    def _write_in_turn(self, run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Runs a statement. Outside transactions, each that writes is a turn."""
        if self._taken or not sql.startswith(WRITES):
            return run(sql, *rest)
        self._take_turn()
        try:
            return run(sql, *rest)
        finally:
            self._give_turn_back()

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_turn_back()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self._give_turn_back()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_turn_back()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._give_turn_back()

    def others_write(self) -> bool:
        """Whether another connection writes or waits to write."""
        return not (self._taken or self.is_in_memory_db() or self._turns().is_free())

    def _take_turn(self) -> None:
        if not self._taken and not self.is_in_memory_db():
            turns = self._turns()
            turns.take(max(0.0, min(MAX_WAIT_SECONDS, seconds_left())))
            self._taken = turns

    def _turns(self) -> Turns:
        return turns_of(str(self.settings_dict["NAME"]))

    def _give_turn_back(self) -> None:
        turns, self._taken = self._taken, None
        if turns:
            turns.give_back()


DatabaseWrapper = FairSQLite  # Django's name
