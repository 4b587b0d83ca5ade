"""Import and export of tasks on the command line."""

import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.utils.translation import override
from rich.console import Console
from rich.progress import Progress

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now
from taskbell.common.errors import Refusal
from taskbell.common.text import printable
from taskbell.common.wording import grouped
from taskbell.config.language import gettext as _
from taskbell.config.language import gettext_noop, ngettext, terminal_language
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_database
from taskbell.transfer.archives import seekable
from taskbell.transfer.batches import ImportProgress, write_in_batches
from taskbell.transfer.cells import ORDERS
from taskbell.transfer.export_related import with_comments
from taskbell.transfer.exporting import FORMATS as WRITERS
from taskbell.transfer.exporting import every_task, exported, with_bom
from taskbell.transfer.formats import READERS, FileOptions, format_of
from taskbell.transfer.headers import read_map
from taskbell.transfer.importing import ON_EXISTING, ImportRefused, ImportResult, Options, prepared
from taskbell.transfer.opening import OpenedFile
from taskbell.transfer.reading import Notice, RowError, Unreadable

EXPORTED_AS = {"ical": "ics"}
FORMATS = gettext_noop("--format: must be one of %(choices)s.")
ROWS_FAILED = 1  # the exit code if rows could not be imported


@override(terminal_language())
def import_file(file: Path, person: str, format_: str, *, columns: str, dates: str, **options: Any) -> None:
    """Imports the file and prints its errors and notices. Exits with 1 if rows could not be imported."""
    if options["on_existing"] not in ON_EXISTING:
        raise CannotStart(_("--on-existing: must be one of %(choices)s.") % {"choices": ", ".join(ON_EXISTING)})
    if dates and dates not in ORDERS:
        raise CannotStart(_("--dates: must be one of %(choices)s.") % {"choices": ", ".join(ORDERS)})
    if format_ and format_ not in READERS:
        raise CannotStart(_(FORMATS) % {"choices": ", ".join(READERS)})
    by = _person(person)
    try:
        with (
            _progress() as progress,
            progress.open(file, "rb", description=_("Reading")) as opened_file,
            seekable(opened_file) as stream,
        ):
            said = FileOptions(utc_now(), by.profile.timezone, read_map(columns), dates, file.name)
            opened = OpenedFile(stream, said, said=format_ or None, hint=format_of("", file.name))
            with prepared(opened.rows(), Options(**options), by=by, now=said.now) as checked:
                report = write_in_batches(checked, ImportProgress())
    except OSError as error:
        raise CannotStart(_("can't read %(file)s (%(error)s).") % {"file": file, "error": error.strerror}) from error
    except DatabaseError as error:
        raise CannotStart(_("can't use the database (%(error)s). Nothing was imported.") % {"error": error}) from error
    except ImportRefused as refusal:
        _print_errors(refusal.result.errors, str(refusal))
        sys.exit(ROWS_FAILED)
    except Unreadable as refusal:
        _print_errors([refusal.error], _("Nothing was imported."))
        sys.exit(ROWS_FAILED)
    except Refusal as refusal:
        raise CannotStart(str(refusal)) from refusal
    _print_errors(chain(report.notices, report.errors), _summary(report, opened.format))
    sys.exit(ROWS_FAILED if report.failed else 0)


def _summary(report: ImportResult, format_: str | None) -> str:
    counts = report.counts()
    created = ngettext("Imported %(n)s task from %(format)s", "Imported %(n)s tasks from %(format)s", counts["created"])
    parts = {
        "created": created,
        "updated": _("updated %(n)s"),
        "skipped": _("skipped %(n)s known"),
        "failed": ngettext("left out %(n)s row", "left out %(n)s rows", counts["failed"]),
        "notice_count": ngettext("%(n)s notice", "%(n)s notices", counts["notice_count"]),
    }
    return ", ".join(part % {"n": grouped(counts[name]), "format": format_} for name, part in parts.items()) + "."


def export_file(file: Path | None, person: str, format_: str, *, bom: bool) -> None:
    """Writes the tasks that the person can see."""
    format_ = format_ or (format_of("", file.name) if file else None) or "csv"
    format_ = EXPORTED_AS.get(format_, format_)
    if format_ not in WRITERS:
        raise CannotStart(_(FORMATS) % {"choices": ", ".join(WRITERS)})
    if bom and format_ != "csv":
        raise CannotStart(_("--bom: only CSV has a byte order mark."))
    by = _person(person)
    tasks = every_task(by)
    with _progress(shown=file is not None) as progress:
        rows = progress.track(with_comments(exported(tasks, by)), total=tasks.count(), description=_("Writing"))
        chunks = with_bom(WRITERS[format_](rows)) if bom else WRITERS[format_](rows)
        if file is None:
            sys.stdout.buffer.writelines(chunks)
            return
        try:
            with file.open("wb") as out:
                out.writelines(chunks)
        except OSError as error:
            raise CannotStart(
                _("can't write %(file)s (%(error)s).") % {"file": file, "error": error.strerror}
            ) from error


def _person(username: str) -> User:
    """The person with this username, or the first admin. Raises CannotStart."""
    check_database()
    people = User.objects.filter(is_active=True).order_by("id")
    found = people.filter(username=username) if username else people.filter(role=Role.ADMIN)
    person = found.select_related("profile").first()
    if person is None:
        raise CannotStart(
            _("--as: there is no '%(name)s'.") % {"name": username}
            if username
            else _("there is no admin yet. Create one first.")
        )
    return person


def _progress(*, shown: bool = True) -> Progress:
    return Progress(console=Console(stderr=True), disable=not (shown and sys.stdout.isatty()), transient=True)


def _print_errors(errors: Iterable[RowError | Notice], summary: str) -> None:
    """Prints each error on its own line, then the summary."""
    for error in errors:
        where = _("line %(line)s") % {"line": error.line} + (f", {error.field}" if error.field else "")
        print(printable(f"{where}: {error.message}"), file=sys.stderr)
    print(summary, file=sys.stderr)
