"""`taskbell migrate-to`: everything from SQLite to PostgreSQL."""

import sqlite3
import sys
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, IntegrityError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from taskbell.common.wording import grouped
from taskbell.config.language import gettext as _
from taskbell.runtime.files import claim_data_folder
from taskbell.runtime.growing import moving, state
from taskbell.runtime.growing.checking import check_counts, check_history
from taskbell.runtime.growing.copying import copy_table, set_sequences
from taskbell.runtime.growing.source import Source, opened
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import first_line, reach_database


def move(file: Path) -> None:
    """Copies the rows of this file, checks them, and prints what to do next. Raises CannotStart."""
    lock = claim_data_folder(settings.DATA)  # kept until the process ends
    reach_database()
    try:
        with opened(file) as source:
            _move(source)
    except IntegrityError as error:
        raise CannotStart(_violation(error)) from error
    except (DatabaseError, sqlite3.Error) as error:
        said = _("can't use the database (%(error)s). Run the command again: it continues where it stopped.")
        raise CannotStart(said % {"error": first_line(error)}) from error
    del lock


def _violation(error: IntegrityError) -> str:
    """Which rows PostgreSQL refuses. Another run would not help."""
    said = getattr(error.__cause__, "diag", None)
    return _(
        "can't copy the rows of %(table)s, because they violate %(rule)s (%(error)s). Correct them in SQLite, then run "
        "the command again."
    ) % {
        "table": getattr(said, "table_name", None) or "?",
        "rule": getattr(said, "constraint_name", None) or getattr(said, "column_name", None) or "?",
        "error": (getattr(said, "message_detail", None) or first_line(error)).rstrip("."),
    }


def _move(source: Source) -> None:
    say = Console(soft_wrap=True, highlight=False, markup=False).print
    moving.prepare(source)
    say(_("The database is ready. Copying the rows."))
    counts = {table: source.count(table) for table in state.progress()}
    _copy(source, counts)
    say(_("Building indexes and checking the copy."))
    moving.put_back()
    set_sequences(source, list(counts))
    check_counts(source, list(counts))
    checksum = check_history(source)
    moving.finish()
    say(_("Copied and checked %(rows)s rows.") % {"rows": grouped(sum(counts.values()))})
    say(_("Checksum of the history: %(checksum)s") % {"checksum": checksum})
    say(
        _(
            "Now set DATABASE_URL to the address of PostgreSQL, and start Taskbell. The data in %(file)s stays as it "
            "is: keep it for a while."
        )
        % {"file": source.file}
    )


def _copy(source: Source, counts: dict[str, int]) -> None:
    """Copies the rows of all tables that aren't there yet."""
    there = sum(each.rows for each in state.progress().values())
    if there:
        print(_("Continuing: %(rows)s rows are there already.") % {"rows": grouped(there)}, flush=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    shown = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True) as progress:
        bar = progress.add_task("", total=sum(counts.values()), completed=there)
        for table in counts:
            progress.update(bar, description=table)
            copy_table(source, table, lambda rows: progress.advance(bar, rows))
