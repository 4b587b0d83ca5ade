"""The steps from an empty database to a complete copy. Each can be interrupted, and is continued by the next run."""

from django.db import connection, transaction

from taskbell.common.postgresql.statistics import analyze_tables_without_statistics
from taskbell.common.sql import execute, fetch
from taskbell.config.language import gettext as _
from taskbell.runtime.backup.postgres_copy import refuse_others
from taskbell.runtime.backup.postgres_moving import relations
from taskbell.runtime.backup.tables import named, not_ours
from taskbell.runtime.growing import state
from taskbell.runtime.growing.schema import copied_tables, in_the_way
from taskbell.runtime.growing.source import Source
from taskbell.runtime.preparation import migrate_database
from taskbell.runtime.refusals import CannotStart

PEOPLE = "accounts_user"


def prepare(source: Source) -> None:
    """Makes the target ready to receive rows.

    Raises CannotStart if it has data of its own or is in use, or if the source is of another version.
    """
    refuse_others()
    if others := not_ours(relations()):
        raise CannotStart(
            _("can't copy into a database with tables that aren't Taskbell's (%(tables)s). Name a new one.")
            % {"tables": named(others)}
        )
    if not state.is_there():
        _refuse_data()
        state.create()
    migrate_database()
    migrations = set(map(tuple, fetch("SELECT app, name FROM django_migrations")))
    if source.migrations() != migrations:
        raise CannotStart(
            _("the SQLite database is of another version. Run 'taskbell migrate' with SQLite, then this command again.")
        )
    before = state.source()
    if before != source.fingerprint():
        if before:
            print(_("The SQLite database has changed since the last run. Starting again."), flush=True)
        _begin(source)


def _refuse_data() -> None:
    tables = relations()
    is_unused = PEOPLE in tables and not fetch(f"SELECT FROM {PEOPLE} LIMIT 1")
    if tables and not is_unused:
        raise CannotStart(_("the PostgreSQL database must be empty. Name a new one, or drop its tables."))


@transaction.atomic
def _begin(source: Source) -> None:
    """Empties the tables, and takes away what would run for each row. The statements that put it back are noted."""
    tables = copied_tables()
    if missing := source.tables() - set(tables) - {"django_migrations"}:
        raise CannotStart(
            _("can't copy the tables %(tables)s, which aren't Taskbell's. Drop them in SQLite first.")
            % {"tables": ", ".join(sorted(missing))}
        )
    undone, waiting = in_the_way(tables), state.statements()
    for each in undone:
        execute(each.statement)
    execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, tables))}")
    execute(f"TRUNCATE {state.TABLE}")
    state.begin(source.fingerprint(), tables, dict.fromkeys([*waiting, *(each.back for each in reversed(undone))]))


def put_back() -> None:
    """Runs what is still noted: indexes, foreign keys, triggers."""
    for statement in state.statements():
        with transaction.atomic():
            execute(statement)
            state.has_run(statement)


def finish() -> None:
    """From now on, Taskbell starts on the target."""
    analyze_tables_without_statistics()
    state.remove()
