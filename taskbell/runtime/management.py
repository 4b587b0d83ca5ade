"""Django's own commands, run through `taskbell`."""

from difflib import get_close_matches

from django.core.management import execute_from_command_line, get_commands
from django.db import OperationalError

from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_database


def run(arguments: list[str]) -> None:
    """Runs the command. Raises CannotStart if it doesn't exist or can't reach the database."""
    name = arguments[1] if arguments[0] == "help" else arguments[0]
    if name not in get_commands():
        raise CannotStart(f"unknown command '{name}'{_suggestion(name)}. Run 'taskbell --help' for a list.")
    if name == "migrate":
        check_database()
    try:
        execute_from_command_line(["taskbell", *arguments])
    except OperationalError:
        check_database()
        raise


def _suggestion(name: str) -> str:
    close = get_close_matches(name, ["run", "web", "worker", "beat", *get_commands()], n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""
