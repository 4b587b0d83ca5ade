"""Backups by the clock: due when the newest one is old enough."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from taskbell.common.backup_files import name_at, newest_at, own_files
from taskbell.runtime.backup.making import make
from taskbell.runtime.backup.passphrase import passphrase_for_writing
from taskbell.runtime.backup.workplace import BackupIsRunning
from taskbell.runtime.refusals import CannotStart

logger = logging.getLogger("taskbell.backup")


def make_due(now: datetime) -> None:
    """Makes a backup if it is time, and removes the oldest ones."""
    folder = settings.TASKBELL_BACKUP_DIR
    if folder is None:
        return
    newest = newest_at(folder)
    if newest and now < newest + timedelta(hours=settings.TASKBELL_BACKUP_HOURS):
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        manifest = make(folder / name_at(now), passphrase_for_writing(None, ask=False), now=now)
    except BackupIsRunning:
        return
    except (CannotStart, OSError) as error:
        logger.error("The scheduled backup failed: %s Trying again in five minutes.", error)
        return
    logger.info("Made the backup %s: %s.", folder / name_at(now), manifest.counts)
    remove_old(folder)


def remove_old(folder: Path) -> None:
    """Keeps the newest backups of the schedule. Files with other names are not touched."""
    for file in own_files(folder)[settings.TASKBELL_BACKUP_KEEP :]:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            logger.error("Can't remove the old backup %s (%s).", file, error.strerror)
