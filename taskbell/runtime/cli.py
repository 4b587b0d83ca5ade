"""The command line: Taskbell's own commands, and every Django command."""

import os
import sys
from datetime import datetime
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from taskbell.common.limits import most_open_files
from taskbell.config.env import UnusableEnvironment, environment
from taskbell.config.files import PRIVATE, prepare_data_folder
from taskbell.config.language import bind_others
from taskbell.config.language import gettext as _
from taskbell.runtime.refusals import CANNOT_START, CannotStart


class _Command(TyperCommand):
    def get_help_option(self, ctx: Any) -> Any:
        return _in_our_words(super().get_help_option(ctx))


class _Commands(TyperGroup):
    def get_help_option(self, ctx: Any) -> Any:
        return _in_our_words(super().get_help_option(ctx))


def _in_our_words(option: Any) -> Any:
    """The option --help, whose text typer doesn't translate."""
    if option is not None:
        option.help = _("Show this message and exit.")
    return option


app = typer.Typer(
    cls=_Commands,
    help=_("Taskbell manages your team's tasks and sends reminders on time."),
    epilog=_("Django's commands work too: createsuperuser, shell, dumpdata, … Run 'taskbell help NAME' for details."),
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run() -> None:
    """Start everything: web server, worker and beat, plus a broker unless REDIS_URL is set. Press Ctrl-C to stop."""
    _part("supervisor").run()


@app.command()
def web(
    prepare: Annotated[
        bool, typer.Option("--prepare", help=_("Migrate the database and collect static files first."))
    ] = False,
    resume: Annotated[str, typer.Option("--resume", hidden=True)] = "",  # of runtime/keeper.py
) -> None:
    """Serve HTTP and WebSocket on TASKBELL_BIND and PORT."""
    _django_part("web").serve(prepare=prepare, resume=resume)


@app.command()
def worker(
    queues: Annotated[
        str, typer.Option(help=_("Queues to take jobs from, separated by commas."))
    ] = "mail,default,reports",
    with_beat: Annotated[
        bool, typer.Option("--beat", help=_("Do the work of beat in the same process. Meant for a single worker."))
    ] = False,
) -> None:
    """Run jobs: send emails, deliver reminders, build reports."""
    _django_part("worker").work(queues, with_beat=with_beat)


@app.command()
def beat() -> None:
    """Queue scheduled jobs when they are due. Running more than one beat is safe."""
    _part("beat").tick()


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def migrate(context: typer.Context) -> None:
    """Apply database migrations."""
    _django_part("setup").manage(["migrate", *context.args])


@app.command()
def demo(tasks: Annotated[int, typer.Option(min=0, max=5_000_000, help=_("Number of tasks."))] = 100) -> None:
    """Add sample people and tasks, and print how to sign in."""
    _whole_part("demo").fill(tasks)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help=_("The file: CSV, JSON, or an export from another app."))],
    person: Annotated[str, typer.Option("--as", help=_("Username to import as. Default: the first admin."))] = "",
    format_: Annotated[
        str,
        typer.Option(
            "--format", help=_("Such as csv, json, ical, todoist or trello. Default: detected from the content.")
        ),
    ] = "",
    partial: Annotated[bool, typer.Option("--partial", help=_("Import valid rows even if others fail."))] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help=_("Fail if anything in the file can't be imported."))
    ] = False,
    on_existing: Annotated[
        str, typer.Option(help=_("What to do with tasks imported before: skip, update or error."))
    ] = "skip",
    columns: Annotated[
        str, typer.Option("--map", help=_("Columns by header of a CSV file: 'Due:due_date,Cost:'."))
    ] = "",
    dates: Annotated[str, typer.Option(help=_("What 03/04/2026 means in a CSV file: dmy or mdy."))] = "",
) -> None:
    """Create tasks from the rows of a file. If one row fails, none is imported."""
    part = _whole_part("transfer")
    options = {"partial": partial, "strict": strict, "on_existing": on_existing}
    part.import_file(file, person, format_, columns=columns, dates=dates, **options)


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help=_("File to write. Default: standard output."))] = None,
    person: Annotated[str, typer.Option("--as", help=_("Username to export as. Default: the first admin."))] = "",
    format_: Annotated[
        str, typer.Option("--format", help=_("csv, json, ndjson or ics. Default: the file's extension."))
    ] = "",
    bom: Annotated[bool, typer.Option("--bom", help=_("Begin the CSV with a byte order mark, for Excel."))] = False,
) -> None:
    """Write the tasks that a person can see to a file, in a form that can be imported again."""
    _whole_part("transfer").export_file(file, person, format_, bom=bom)


@app.command()
def mail(
    action: Annotated[Literal["preview"], typer.Argument(help=_("The only action: preview."))],
    to: Annotated[Path, typer.Option(help=_("Folder for the files."))] = Path("mail-preview"),
) -> None:
    """Write a sample of every kind of email to files: 'taskbell mail preview'."""
    _django_part("mail_preview").preview(to)


@app.command()
def doctor(
    mail_to: Annotated[
        str, typer.Option(help=_("Send a test email to this address; 'admin' for that of the first admin."))
    ] = "",
) -> None:
    """Check everything that Taskbell needs, and say how to fix what is wrong."""
    _django_part("examination").examine(mail_to)


@app.command()
def recount() -> None:
    """Recount all tasks, correct the stored counts of the reports, and print the differences."""
    _whole_part("recount").compare()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help=_("The file to write."))],
    encrypt: Annotated[bool, typer.Option("--encrypt", help=_("Ask for a passphrase, and encrypt with it."))] = False,
    passphrase_file: Annotated[Path | None, typer.Option(help=_("File with the passphrase."))] = None,
    force: Annotated[bool, typer.Option("--force", help=_("Replace the file if it exists."))] = False,
) -> None:
    """Write the database and the secret key to one file, while Taskbell runs."""
    _django_part("backup.commands").back_up(file, passphrase_file, encrypt=encrypt, force=force)


INSTANT_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d"]


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help=_("A file that 'taskbell backup' has written."))],
    passphrase_file: Annotated[Path | None, typer.Option(help=_("File with the passphrase."))] = None,
    sent_until: Annotated[
        datetime | None,
        typer.Option(
            formats=INSTANT_FORMATS,
            help=_(
                "When the lost data was last in use, in UTC unless it has an offset. Default: when the backup was made."
            ),
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help=_("Replace existing data without asking."))] = False,
) -> None:
    """Replace the database and the secret key with those in a backup. Stop Taskbell first."""
    _django_part("backup.commands").bring_back(file, passphrase_file, sent_until=sent_until, force=force)


@app.command()
def migrate_to(
    address: Annotated[
        str,
        typer.Argument(
            metavar="[DATABASE_URL]",
            envvar="TARGET_DATABASE_URL",
            show_envvar=False,
            help=_("Address of PostgreSQL. Default: TARGET_DATABASE_URL in the environment, else you are asked."),
        ),
    ] = "",
) -> None:
    """Copy everything from SQLite to an empty PostgreSQL database. Stop Taskbell first."""
    source = _part("growing.target").choose(address)
    _django_part("growing.commands").move(source)


@app.command()
def after_restore(
    sent_until: Annotated[
        datetime,
        typer.Option(
            formats=INSTANT_FORMATS,
            help=_("When the backed-up server last ran, in UTC unless it has an offset."),
        ),
    ],
) -> None:
    """After restoring a backup: prevent emails that were already sent from being sent again."""
    _whole_part("restored").forget(sent_until)


for command in app.registered_commands:  # tests/languages reads their docstrings as texts to translate
    command.cls = _Command
    command.help = _(cleandoc((command.callback and command.callback.__doc__) or ""))


def _part(name: str) -> Any:
    """A module of this package, loaded when its command runs, so that the parent process never loads Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")
    data = environment().data
    try:
        prepare_data_folder(data)
    except OSError as error:
        raise CannotStart(
            _("TASKBELL_DATA: can't use the folder %(data)s (%(strerror)s).")
            % {"data": data, "strerror": error.strerror}
        ) from error
    return import_module(f"taskbell.runtime.{name}")


def _django_part(name: str) -> Any:
    """The same for a module that imports models, which requires Django to be set up."""
    _part("setup")
    import_module("django").setup()
    return _part(name)


def _whole_part(name: str) -> Any:
    """The same for a module that works on the database and doesn't check it. Raises CannotStart for half of one."""
    part = _django_part(name)
    _part("setup").check_database()
    return part


def _dispatch(arguments: list[str]) -> None:
    ours = typer.main.get_group(app).commands.keys()
    match arguments:
        case [] | ["help"]:
            app(["--help"], prog_name="taskbell")
        case ["help", name] if name in ours - {"migrate"}:
            app([name, "--help"], prog_name="taskbell")
        case [name, *_] if name in ours or name.startswith("-"):
            app(arguments, prog_name="taskbell")
        case _:
            _django_part("setup").manage(arguments)


def main() -> None:
    """Runs the given command. If it can't start, prints one sentence and exits with code 2."""
    os.umask(PRIVATE)
    bind_others()
    most_open_files()  # raises the limit, for the children too
    try:
        _dispatch(sys.argv[1:])
    except (CannotStart, UnusableEnvironment) as reason:
        print(f"taskbell: {reason}", file=sys.stderr)
        sys.exit(CANNOT_START)
