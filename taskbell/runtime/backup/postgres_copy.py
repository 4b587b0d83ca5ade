"""A backup of PostgreSQL: pg_dump in a snapshot, so that the counts in the manifest are those of the dump."""

import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, connections, transaction

from taskbell.common.sql import execute, fetch
from taskbell.config.language import gettext as _
from taskbell.runtime.backup.manifest import Counts, Existing, Manifest, applied_migrations, counts_of
from taskbell.runtime.backup.postgres_load import ensure_extension, load
from taskbell.runtime.backup.postgres_moving import is_there, move_all, put_back, relations
from taskbell.runtime.backup.postgres_tools import environment_of_tools, last_words, tool
from taskbell.runtime.backup.tables import not_ours
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import SET_ASIDE

NAME = "database.pgdump"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def server_version() -> int:
    ((version,),) = fetch("SHOW server_version_num")
    return int(version) // 10_000


def current_schema() -> str:
    return str(fetch("SELECT current_schema()")[0][0])


def dump(folder: Path, now: datetime) -> tuple[Manifest, Path]:
    """Writes a dump of the database into the folder. Writers go on."""
    copy, server = folder / NAME, server_version()
    program, version = tool("pg_dump", at_least=server)
    with transaction.atomic():
        execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # it waits for pg_dump
        ((snapshot,),) = fetch("SELECT pg_export_snapshot()")
        counts, migrations, schema = _counts(), applied_migrations(fetch), current_schema()
        command = [program, "--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={copy}"]
        command += [f'--schema="{schema}"', "--no-owner", "--no-privileges", "--no-comments", "--compress=3"]
        done = subprocess.run(command, env=environment_of_tools(), capture_output=True, text=True, check=False)
    if done.returncode:
        error = f"pg_dump: {last_words(done.stderr) or done.returncode}"
        raise CannotStart(_("can't copy the database (%(error)s).") % {"error": error})
    made_at = now.isoformat(timespec="seconds")
    return Manifest("postgresql", made_at, counts, migrations, server, version, schema), copy


def existing() -> Existing:
    """What there is now. After a restore that was killed, what was there before it comes back first."""
    if is_there(SET_ASIDE):
        refuse_others()
        with transaction.atomic():
            put_back(current_schema())
    return Existing(_counts(), not_ours(relations()))


def replace(folder: Path, manifest: Manifest, finish: Callable[[], None]) -> None:
    """Restores the dump in the folder, then calls `finish`. If anything fails, the database is as it was.

    Until everything has succeeded, the former tables are kept in a schema of their own.
    """
    schema, server = current_schema(), server_version()
    program, _version = tool("pg_restore", at_least=max(server, manifest.tool))
    refuse_others()
    _check_fits(manifest, schema)
    ensure_extension()
    with transaction.atomic():
        move_all(schema, SET_ASIDE)
    try:
        connections.close_all()  # loading takes long, and a connection that waits may be cut off
        load(program, folder / NAME, schema, server=server)
        manifest.check(_counts())
        connections.close_all()
        finish()
    except BaseException:
        connections.close_all()
        with transaction.atomic():
            put_back(schema)
        raise
    execute(f'DROP SCHEMA "{SET_ASIDE}" CASCADE')


def refuse_others() -> None:
    """Raises CannotStart if another connection uses the database."""
    ((others,),) = fetch(OTHERS)
    if others:
        said = _("can't continue, because %(n)d other connections use the database. Stop Taskbell first.")
        raise CannotStart(said % {"n": others})


def _check_fits(manifest: Manifest, schema: str) -> None:
    if manifest.schema != schema:
        said = _("can't restore, because the backup is of the schema %(theirs)s, and this database uses %(ours)s.")
        raise CannotStart(said % {"theirs": manifest.schema, "ours": schema})


def _counts() -> Counts:
    tables: list[Any] = connection.introspection.table_names()
    return counts_of(fetch, tables=tables)
