"""Work before the first request. Repeating it costs next to nothing."""

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
    """Applies pending migrations; the migrate command runs only if there are any."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        logger.info("Migrating the database: %d migrations.", len(pending))
        call_command("migrate", interactive=False, verbosity=0)


def collect_static_files() -> None:
    """Collects and compresses the static files, unless they haven't changed since last time."""
    root = Path(settings.STATIC_ROOT)
    with locked(root.with_name("static.lock")):
        current = _fingerprint()
        stamp = root / STAMP
        if stamp.exists() and stamp.read_text() == current:
            return
        logger.info("Collecting static files.")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(current)


def _fingerprint() -> str:
    """Changes with every file to collect, and with the versions of the packages that process them."""
    parts = [version(name) for name in ("django", "whitenoise", "brotli")]
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            parts.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def leave_setup_link(data: Path) -> None:
    """Writes the link for the first account to a file for the parent process, which doesn't load Django."""
    file = setup_link_file(data)
    file.unlink(missing_ok=True)
    link = setup_link()
    if link:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as text:
            text.write(link)
