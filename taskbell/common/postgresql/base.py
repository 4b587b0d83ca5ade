"""The database backend, by the name that Django looks for."""

from select import POLLIN, poll

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Finds out before each request whether the connection still stands, mostly without a query."""

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
