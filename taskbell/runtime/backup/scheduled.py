"""Backups by the clock: due when the newest one is old enough."""

import logging
import re
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from taskbell.common.backup_files import name_at, newest_at, own_files
from taskbell.runtime.backup.making import make
from taskbell.runtime.backup.passphrase import passphrase_for_writing
from taskbell.runtime.backup.workplace import BackupIsRunning, alone
from taskbell.runtime.refusals import CannotStart

LOCK = ".taskbell-backup.lock"  # in the folder, because workers on several machines may share it
DRAFT = re.compile(r"\.taskbell-\d{8}T\d{6}Z\.backup\.[0-9a-f]{16}\.partial")
MAX_AGE_OF_DRAFTS = timedelta(days=1)

logger = logging.getLogger("taskbell.backup")


def make_due(now: datetime) -> None:
    """Makes a backup if it is time, and removes the oldest ones."""
    folder = settings.TASKBELL_BACKUP_DIR
    if folder is None:
        return
    try:
        if not _is_time(folder, now):
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone(folder / LOCK):
            if not _is_time(folder, now):
                return  # another worker has just made it
            manifest = make(folder / name_at(now), passphrase_for_writing(None, ask=False), now=now)
            logger.info("Made the backup %s: %s.", folder / name_at(now), manifest.counts)
            remove_old(folder, now)
    except BackupIsRunning:
        return
    except (CannotStart, OSError) as error:
        logger.error("The scheduled backup failed: %s Trying again in five minutes.", error)


def _is_time(folder: Path, now: datetime) -> bool:
    newest = newest_at(folder, now=now)
    return newest is None or now >= newest + timedelta(hours=settings.TASKBELL_BACKUP_HOURS)


def remove_old(folder: Path, now: datetime) -> None:
    """Keeps the newest backups of the schedule, and removes drafts of killed processes. Leaves other files alone."""
    for file in own_files(folder, now=now)[settings.TASKBELL_BACKUP_KEEP :] + _old_drafts(folder, now):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            logger.error("Can't remove the old backup %s (%s).", file, error.strerror)


def _old_drafts(folder: Path, now: datetime) -> list[Path]:
    before = (now - MAX_AGE_OF_DRAFTS).timestamp()
    drafts = [file for file in folder.iterdir() if DRAFT.fullmatch(file.name)]
    return [file for file in drafts if file.lstat().st_mtime < before]
