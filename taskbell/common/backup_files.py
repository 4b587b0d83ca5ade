"""Files of scheduled backups: each is named after its instant."""

from datetime import UTC, datetime
from pathlib import Path

FORMAT = "taskbell-%Y%m%dT%H%M%SZ.backup"


def name_at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(FORMAT)


def own_files(folder: Path, *, now: datetime) -> list[Path]:
    """The backups of the schedule up to now, the newest first.

    A name from the future comes from a clock that was wrong: it must not keep a new backup from being made.
    """
    if not folder.is_dir():
        return []
    made = {file: at for file in folder.iterdir() if (at := _moment_in(file.name)) and at <= now}
    return sorted(made, key=lambda file: made[file], reverse=True)


def newest_at(folder: Path, *, now: datetime) -> datetime | None:
    """When the newest one was made."""
    files = own_files(folder, now=now)
    return _moment_in(files[0].name) if files else None


def _moment_in(name: str) -> datetime | None:
    """The instant; None for any other name."""
    try:
        moment = datetime.strptime(name, FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if name_at(moment) == name else None
