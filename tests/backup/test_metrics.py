"""The age of the newest scheduled backup is a metric."""

from math import inf
from pathlib import Path
from typing import Any

from taskbell.api.present_state import of_backups
from tests.conftest import NOW


def ages() -> list[float]:
    return [sample.value for family in of_backups(NOW) for sample in family.samples]


def test_an_alert_can_ask_how_old_the_newest_backup_is(tmp_path: Path, settings: Any) -> None:
    settings.TASKBELL_BACKUP_DIR = None
    assert ages() == []
    settings.TASKBELL_BACKUP_DIR = tmp_path / "backups"
    assert ages() == [inf]
    (tmp_path / "backups").mkdir()
    for name in (
        "taskbell-20261121T083000Z.backup",
        "taskbell-20301120T083000Z.backup",
        "taskbell-20261399T083000Z.backup",
    ):
        (tmp_path / "backups" / name).touch()
    assert ages() == [1800]
