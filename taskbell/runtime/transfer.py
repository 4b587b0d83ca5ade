"""Tasks from files and into files, by the command line."""

import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now
from taskbell.common.errors import Refusal
from taskbell.common.text import printable
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_database
from taskbell.transfer.exporting import FORMATS as WRITERS
from taskbell.transfer.exporting import every_task, exported
from taskbell.transfer.formats import READERS, format_of
from taskbell.transfer.importing import ImportRefused, import_tasks
from taskbell.transfer.reading import RowError, Unreadable

REFUSED = 1  # the exit code where rows cannot be imported


def bring_in(file: Path, person: str, format_: str, *, partial: bool) -> None:
    """Imports the file and says what was wrong with it. Exits with 1 where rows could not be imported."""
    format_ = format_ or format_of("", file.name) or "csv"
    if format_ not in READERS:
        raise CannotStart(f"--format is one of {', '.join(READERS)}.")
    by = _person(person)
    try:
        with _progress() as progress, progress.open(file, "rb", description="Reading") as stream:
            report = import_tasks(READERS[format_](stream), partial=partial, by=by, now=utc_now())
    except OSError as error:
        raise CannotStart(f"{file} cannot be read ({error.strerror}).") from error
    except ImportRefused as refusal:
        _tell(refusal.report.errors, str(refusal))
        sys.exit(REFUSED)
    except Unreadable as refusal:
        _tell([refusal.error], "Nothing was imported.")
        sys.exit(REFUSED)
    except Refusal as refusal:
        raise CannotStart(str(refusal)) from refusal
    _tell(report.errors, f"{report.created:,} tasks were imported, {report.failed:,} rows were left out.")
    sys.exit(REFUSED if report.failed else 0)


def take_out(file: Path | None, person: str, format_: str) -> None:
    """Writes the tasks that the person sees."""
    format_ = format_ or (format_of("", file.name) if file else None) or "csv"
    if format_ not in WRITERS:
        raise CannotStart(f"--format is one of {', '.join(WRITERS)}.")
    by = _person(person)
    tasks = every_task(by)
    with _progress(shown=file is not None) as progress:
        rows = progress.track(exported(tasks, by), total=tasks.count(), description="Writing")
        pieces = WRITERS[format_](rows)
        if file is None:
            sys.stdout.buffer.writelines(pieces)
            return
        try:
            with file.open("wb") as out:
                out.writelines(pieces)
        except OSError as error:
            raise CannotStart(f"{file} cannot be written ({error.strerror}).") from error


def _person(username: str) -> User:
    """Who is named, or the first admin. Raises CannotStart."""
    check_database()
    people = User.objects.filter(is_active=True).order_by("id")
    found = people.filter(username=username) if username else people.filter(role=Role.ADMIN)
    person = found.select_related("profile").first()
    if person is None:
        raise CannotStart(f"there is nobody called '{username}'." if username else "nobody is an admin yet.")
    return person


def _progress(*, shown: bool = True) -> Progress:
    return Progress(console=Console(stderr=True), disable=not (shown and sys.stdout.isatty()), transient=True)


def _tell(errors: Iterable[RowError], sentence: str) -> None:
    """Every error on a line of its own, however many, and then the sentence."""
    for error in errors:
        column = f", {error.field}" if error.field else ""
        print(printable(f"line {error.line}{column}: {error.message}"), file=sys.stderr)
    print(sentence, file=sys.stderr)
