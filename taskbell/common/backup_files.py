"""Files of scheduled backups: each is named after its instant."""

import re
from datetime import UTC, datetime
from pathlib import Path

FORMAT = "taskbell-%Y%m%dT%H%M%SZ.backup"
NAME = re.compile(r"taskbell-\d{8}T\d{6}Z\.backup")


def name_at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(FORMAT)


def own_files(folder: Path) -> list[Path]:
    """The backups of the schedule, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((file for file in folder.iterdir() if NAME.fullmatch(file.name)), reverse=True)


def newest_at(folder: Path) -> datetime | None:
    """When the newest one was made."""
    files = own_files(folder)
    return datetime.strptime(files[0].name, FORMAT).replace(tzinfo=UTC) if files else None
