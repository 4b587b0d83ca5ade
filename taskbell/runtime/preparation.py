"""What has to be done before the first request; done again it costs next to nothing."""

import hashlib
import logging
import os
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from taskbell.accounts.queries import setup_link
from taskbell.runtime.files import locked, setup_link_file

STAMP = "collected.txt"

logger = logging.getLogger("taskbell.start")


def migrate_database() -> None:
    """Brings the database up to date; the command itself runs only where there is something to do."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        logger.info("Bringing the database up to date: %d migrations.", len(waiting))
        call_command("migrate", interactive=False, verbosity=0)


def collect_static_files() -> None:
    """Collects and compresses the static files, unless those collected last are the same."""
    root = Path(settings.STATIC_ROOT)
    with locked(root.with_name("static.lock")):
        wanted = _fingerprint()
        stamp = root / STAMP
        if stamp.exists() and stamp.read_text() == wanted:
            return
        logger.info("Collecting the static files.")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(wanted)


def _fingerprint() -> str:
    """Changes with every file that would be collected, and with what compresses and names them."""
    seen = [version(name) for name in ("django", "whitenoise")]
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            seen.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()


def leave_setup_link(data: Path) -> None:
    """Leaves the link of the first administrator where the parent process, which has no Django, finds it."""
    file = setup_link_file(data)
    file.unlink(missing_ok=True)
    link = setup_link()
    if link:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as text:
            text.write(link)
