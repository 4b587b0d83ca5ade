"""Django: set up, checked for the services behind it, and its own commands."""

from difflib import get_close_matches
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import execute_from_command_line, get_commands
from django.db import OperationalError, connection

from taskbell.common.sql import fetch
from taskbell.config.language import gettext as _
from taskbell.runtime.refusals import CannotStart

# What an interrupted command has left in PostgreSQL: a table of `migrate-to`, and a schema of `restore`.
UNFINISHED, SET_ASIDE = "taskbell_unfinished_move", "taskbell_before_restore"
LEFT_BEHIND = "SELECT to_regclass(%s) IS NOT NULL, EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)"


def check_database() -> None:
    """Raises CannotStart if the database can't be reached, or has only a part of another one."""
    reach_database()
    if connection.vendor != "postgresql":
        return
    ((is_unfinished, is_set_aside),) = fetch(LEFT_BEHIND, [UNFINISHED, SET_ASIDE])
    if is_set_aside:
        raise CannotStart(_("DATABASE_URL: can't use this database, because a restore was interrupted. Run it again."))
    if is_unfinished:
        raise CannotStart(
            _(
                "DATABASE_URL: can't use this database, because the copy from SQLite isn't complete. Run 'taskbell "
                "migrate-to' again."
            )
        )


def reach_database() -> None:
    """Raises CannotStart if the database can't be reached."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise CannotStart(f"{_database_problem()} ({first_line(error)}).") from error


def check_broker() -> None:
    """Raises CannotStart if Redis or Valkey can't be reached."""
    import redis  # noqa: PLC0415 - slow to load, and a web server on the embedded broker doesn't need it

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5, retry=None) as broker:
            broker.ping()
    except (redis.RedisError, ValueError) as error:
        # An answer may quote the command with its password.
        said = type(error).__name__ if isinstance(error, redis.ResponseError) else first_line(error)
        raise CannotStart(
            _("REDIS_URL: can't reach %(redis_url)s (%(error)s).")
            % {"redis_url": address_in(settings.REDIS_URL), "error": said}
        ) from error


def address_in(url: str) -> str:
    """The address in a URL, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or parts.path


def _database_problem() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return _("TASKBELL_DATA: can't open the database %(name)s") % {"name": database["NAME"]}
    address = f"{database['HOST'] or 'localhost'}:{database['PORT'] or 5432}"
    return _("DATABASE_URL: can't reach PostgreSQL at %(address)s") % {"address": address}


def first_line(error: Exception) -> str:
    """What it says, in one line without a full stop; its type if it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def manage(arguments: list[str]) -> None:
    """Runs the command. Raises CannotStart if it doesn't exist or can't reach the database."""
    name = arguments[1] if arguments[0] == "help" else arguments[0]
    if name not in get_commands():
        raise CannotStart(
            _("unknown command '%(name)s'%(suggestion)s. Run 'taskbell --help' for a list.")
            % {"name": name, "suggestion": _suggestion(name)}
        )
    if name == "migrate":
        check_database()
    try:
        execute_from_command_line(["taskbell", *arguments])
    except OperationalError:
        check_database()
        raise


def _suggestion(name: str) -> str:
    close = get_close_matches(name, ["run", "web", "worker", "beat", *get_commands()], n=1)
    return " " + _("(did you mean '%(name)s'?)") % {"name": close[0]} if close else ""
