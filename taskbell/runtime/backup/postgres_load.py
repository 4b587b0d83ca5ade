"""Loads a dump of pg_dump into the database."""

import os
import shutil
import subprocess
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from django.db import DatabaseError

from taskbell.common.sql import execute
from taskbell.config.language import gettext as _
from taskbell.runtime.backup.postgres_tools import environment_of_tools, last_words
from taskbell.runtime.refusals import CannotStart
from taskbell.tasks.search_index import ON_POSTGRESQL

LINES_OF_SETTINGS = 100
OF_LATER_SERVERS = b"SET transaction_timeout"  # pg_restore 17 and later writes it; servers before 17 refuse it


def ensure_extension() -> None:
    """Creates the extension that the search uses. Raises CannotStart if only an administrator may."""
    try:
        execute(ON_POSTGRESQL[0])
    except DatabaseError as error:
        said = _("can't restore without the extension pg_trgm. Have a database administrator run: %(sql)s;")
        raise CannotStart(said % {"sql": ON_POSTGRESQL[0]}) from error


def load(program: str, dump: Path, schema: str, *, server: int) -> None:
    """Runs the dump's statements in one transaction. Raises CannotStart."""
    command = [program, "--file=-", f"--schema={schema}", "--no-owner", "--no-privileges", str(dump)]
    psql = [str(Path(program).with_name("psql")), "--no-psqlrc", "--quiet", "--no-password", "--single-transaction"]
    psql += ["--set=ON_ERROR_STOP=1", f"--output={os.devnull}"]
    with (
        TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as reading,
        subprocess.Popen(psql, stdin=subprocess.PIPE, stderr=errors, env=environment_of_tools()) as writing,
    ):
        if reading.stdout and writing.stdin:
            with suppress(BrokenPipeError):
                _copy(reading.stdout, writing.stdin, older=server < 17)
            with suppress(BrokenPipeError):
                writing.stdin.close()
            reading.stdout.close()
        codes = [writing.wait(), reading.wait()]
        if any(codes):
            errors.seek(0)
            said = last_words(errors.read().decode(errors="replace"))
            raise CannotStart(_("pg_restore failed (%(error)s). Nothing was changed.") % {"error": said})


def _copy(source: IO[bytes], target: IO[bytes], *, older: bool) -> None:
    for line in islice(source, LINES_OF_SETTINGS):
        if not (older and line.startswith(OF_LATER_SERVERS)):
            target.write(line)
    shutil.copyfileobj(source, target)
