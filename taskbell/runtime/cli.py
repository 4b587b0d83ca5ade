"""The command line: our own commands, and behind them every command of Django."""

import os
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from taskbell.config.env import UnusableEnvironment, environment
from taskbell.config.files import prepare_data_folder
from taskbell.runtime.refusals import CANNOT_START, CannotStart

app = typer.Typer(
    help="Taskbell keeps people's tasks and tells them on time.",
    epilog="Django's commands work too: createsuperuser, shell, dumpdata ... 'taskbell help NAME' explains one.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run() -> None:
    """Start everything: web server, worker, beat, and the broker where REDIS_URL names none. Ctrl-C stops it."""
    _part("supervisor").run()


@app.command()
def web(
    prepare: Annotated[bool, typer.Option("--prepare", help="First migrate and collect the static files.")] = False,
) -> None:
    """Serve HTTP and WebSocket on TASKBELL_BIND and PORT."""
    _django_part("web").serve(prepare=prepare)


@app.command()
def worker(
    queues: Annotated[str, typer.Option(help="Which queues to take jobs from.")] = "mail,default,reports",
) -> None:
    """Run the jobs: send the mails, deliver the reminders."""
    _django_part("worker").work(queues)


@app.command()
def beat() -> None:
    """Tick: put the jobs of the schedule into the queue when their time has come. A second beat does no harm."""
    _part("beat").tick()


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def migrate(context: typer.Context) -> None:
    """Bring the database up to date."""
    _django_part("management").run(["migrate", *context.args])


@app.command()
def demo(tasks: Annotated[int, typer.Option(min=0, max=5_000_000, help="How many tasks.")] = 100) -> None:
    """Fill in sample people and tasks, and say how to sign in as one of them."""
    _django_part("demo").fill(tasks)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The file: CSV, JSON, or one of another program.")],
    person: Annotated[str, typer.Option("--as", help="Username of who imports. The first admin, unless told.")] = "",
    format_: Annotated[
        str, typer.Option("--format", help="csv, json, todoist, vikunja or ical. By the name, unless told.")
    ] = "",
    partial: Annotated[bool, typer.Option("--partial", help="Import the good rows although others are not.")] = False,
) -> None:
    """Make tasks of the rows of a file: of all of them, or of none."""
    _django_part("transfer").bring_in(file, person, format_, partial=partial)


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to; the terminal, unless told.")] = None,
    person: Annotated[str, typer.Option("--as", help="Username of whose tasks. The first admin, unless told.")] = "",
    format_: Annotated[str, typer.Option("--format", help="csv, json or ndjson. By the name, unless told.")] = "",
) -> None:
    """Write the tasks that a person sees to a file that can be imported again."""
    _django_part("transfer").take_out(file, person, format_)


@app.command()
def mail(
    deed: Annotated[Literal["preview"], typer.Argument(help="What to do: preview.")],
    to: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("mail-preview"),
) -> None:
    """Write every kind of mail to files, to see what people get. `taskbell mail preview`"""
    _django_part("letters").preview(to)


@app.command()
def recount() -> None:
    """Count all tasks anew, put right what reports keep of them, and say where it differed."""
    _django_part("recount").compare()


MOMENTS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d"]


@app.command()
def after_restore(
    sent_until: Annotated[
        datetime,
        typer.Option(formats=MOMENTS, help="When the data of the backup was last in use: UTC, unless with an offset."),
    ],
) -> None:
    """After a backup was restored: keep what was due by then from being sent a second time."""
    _django_part("restored").forget(sent_until)


def _part(name: str) -> Any:
    """A module of this package, loaded when its command is asked for: so the parent process stays without Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")
    data = environment().data
    try:
        prepare_data_folder(data)
    except OSError as error:
        raise CannotStart(f"TASKBELL_DATA: cannot use the folder {data} ({error.strerror}).") from error
    return import_module(f"taskbell.runtime.{name}")


def _django_part(name: str) -> Any:
    """The same for a module that needs the models; they can be imported after Django's setup only."""
    _part("setup").set_up_django()
    return _part(name)


def _dispatch(arguments: list[str]) -> None:
    named = (command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands)
    ours = {name.replace("_", "-") for name in named}
    match arguments:
        case [] | ["help"]:
            app(["--help"], prog_name="taskbell")
        case ["help", name] if name in ours - {"migrate"}:
            app([name, "--help"], prog_name="taskbell")
        case [name, *_] if name in ours or name.startswith("-"):
            app(arguments, prog_name="taskbell")
        case _:
            _django_part("management").run(arguments)


def main() -> None:
    """Runs the command that was typed. Whatever keeps it from starting is one sentence and exit code 2."""
    try:
        _dispatch(sys.argv[1:])
    except (CannotStart, UnusableEnvironment) as reason:
        print(f"taskbell: {reason}", file=sys.stderr)
        sys.exit(CANNOT_START)
