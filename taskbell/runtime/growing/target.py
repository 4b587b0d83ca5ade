"""Which database the rows go to. Loaded before Django, which then works on that one."""

import os
import sys
from getpass import getpass
from pathlib import Path

import dj_database_url

from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime.refusals import CannotStart

SETTING = "DATABASE_URL"
SQLITE = "sqlite:"


def choose(url: str) -> Path:
    """Makes the address the database of this process, and returns the file of SQLite. Raises CannotStart."""
    env = environment()
    said = env.DATABASE_URL.get_secret_value() if env.DATABASE_URL else ""
    if said and not said.startswith(SQLITE):
        raise CannotStart(_("DATABASE_URL: must not be set, because the rows are read from SQLite. Unset it first."))
    source = Path(str(dj_database_url.parse(said)["NAME"])) if said else env.data / "taskbell.sqlite3"
    os.environ |= {SETTING: url or _typed(), f"{SETTING}_FILE": ""}
    environment.cache_clear()
    chosen = environment().DATABASE_URL
    if chosen is None or chosen.get_secret_value().startswith(SQLITE):
        raise CannotStart(_("the address must be a PostgreSQL address: postgres://user:password@host/name."))
    return source


def _typed() -> str:
    if not sys.stdin.isatty():
        raise CannotStart(_("name the address of PostgreSQL, or set TARGET_DATABASE_URL."))
    return getpass(_("Address of PostgreSQL (postgres://user:password@host/name): "))
