"""What a backup says about itself, and about the database that is in it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from taskbell.config.language import gettext as _
from taskbell.config.language import gettext_noop
from taskbell.runtime.refusals import CannotStart

FORMAT = 1
NAME = "manifest.json"
COUNTED = {
    "people": ("accounts.User", gettext_noop("people")),
    "projects": ("projects.Project", gettext_noop("projects")),
    "tasks": ("tasks.Task", gettext_noop("tasks")),
    "comments": ("comments.Comment", gettext_noop("comments")),
    "history": ("activity.Activity", gettext_noop("entries of the history")),
}

Fetch = Callable[[str], Iterable[tuple[Any, ...]]]
Counts = dict[str, int]


@dataclass(frozen=True)
class Existing:
    """What a restore would replace: Taskbell's data, and tables of other programs."""

    counts: Counts
    others: list[str]


@dataclass
class Manifest:
    """The first file in a backup."""

    database: str  # sqlite or postgresql
    made_at: str
    counts: Counts
    migrations: list[list[str]]
    server: int = 0  # PostgreSQL's major version, and that of pg_dump
    tool: int = 0
    schema: str = ""
    has_own_key: bool = True  # in the data folder, not by the setting SECRET_KEY
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    taskbell: str = field(default_factory=lambda: version("taskbell"))
    format: int = FORMAT

    def as_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()

    @property
    def made(self) -> datetime:
        return datetime.fromisoformat(self.made_at)

    def check(self, counts: Counts | None) -> None:
        """Raises CannotStart unless these are the counts of the restored database; None if it can't be read."""
        if counts != self.counts:
            raise CannotStart(_("can't restore, because the database in the backup is damaged. Use another backup."))

    def unknown_migrations(self) -> list[str]:
        """Migrations that this version doesn't have: the backup is of a newer one."""
        known = MigrationLoader(None).disk_migrations
        return [f"{app}.{name}" for app, name in self.migrations if (app, name) not in known]


def read_manifest(data: bytes) -> Manifest:
    """The manifest. Raises ValueError if it is of another format, or not one at all."""
    said = json.loads(data)
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ValueError
    try:
        return Manifest(**said)
    except TypeError as error:
        raise ValueError from error


def applied_migrations(fetch: Fetch) -> list[list[str]]:
    return [list(row) for row in fetch("SELECT app, name FROM django_migrations ORDER BY id")]


def counts_of(fetch: Fetch, *, tables: Iterable[str]) -> Counts:
    """How much there is of what people would miss; 0 where the table doesn't exist yet."""
    there, found = set(tables), {}
    for name, (model, _words) in COUNTED.items():
        table = apps.get_model(model)._meta.db_table
        found[name] = next(iter(fetch(f'SELECT count(*) FROM "{table}"')))[0] if table in there else 0  # noqa: S608
    return found


def in_words(counts: Counts) -> str:
    """Such as "3 people, 100 tasks"."""
    return ", ".join(f"{counts[name]:,} {_(words)}" for name, (_model, words) in COUNTED.items())
