"""Django's own commands under Taskbell's name."""

from difflib import get_close_matches

from django.core.management import execute_from_command_line, get_commands
from django.db import OperationalError

from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_database


def run(arguments: list[str]) -> None:
    """Runs the command. Raises CannotStart where there is none of that name, or no database to run it on."""
    name = arguments[1] if arguments[0] == "help" else arguments[0]
    if name not in get_commands():
        raise CannotStart(f"there is no command '{name}'{_perhaps(name)}; 'taskbell --help' lists them.")
    if name == "migrate":
        check_database()
    try:
        execute_from_command_line(["taskbell", *arguments])
    except OperationalError:
        check_database()
        raise


def _perhaps(name: str) -> str:
    close = get_close_matches(name, ["run", "web", "worker", "beat", *get_commands()], n=1)
    return f", perhaps '{close[0]}'" if close else ""
