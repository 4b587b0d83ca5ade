"""What a dead worker had claimed is handed back, and nothing else."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError

from taskbell.accounts.models import User
from taskbell.common import leases
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail import delivery
from taskbell.notifications.models import Delivery
from taskbell.reminders.firing import deliver_due
from taskbell.reports import building
from taskbell.reports.models import Format, Report, ReportKind
from taskbell.runtime import lives
from tests.notifications.outbox import reminded_task

DEAD, ALIVE = 7, 8


@pytest.fixture
def now(bo: User) -> datetime:
    """Three emails and two reports wait for a worker."""
    for number in range(3):
        reminded_task(bo, title=f"Task {number}")
    for _ in range(2):
        Report.objects.create(person=bo, kind=ReportKind.EXPORT, format=Format.CSV, created_at=utc_now())
    deliver_due(utc_now())
    return utc_now()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Two workers; one of them has died."""
    os.close(lives.begin(tmp_path, DEAD))
    alive = lives.begin(tmp_path, ALIVE)
    yield tmp_path
    os.close(alive)


def claim(process: int, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    monkeypatch.setattr(leases, "PROCESS", process)
    building.claim(now)
    (mail,) = delivery.claim(now, limit=1)
    return mail


def test_only_the_claims_of_the_dead_are_handed_back_and_once(
    now: datetime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = claim(DEAD, now, monkeypatch), claim(ALIVE, now, monkeypatch)
    assert len({mine.pk, theirs.pk}) == 2
    assert lives.hand_back(folder) == 2, "an email and a report"
    assert lives.hand_back(folder) == 0
    later = utc_now()
    assert mine in Delivery.objects.claimable(later)
    assert theirs not in Delivery.objects.claimable(later)
    assert Report.objects.claimable(later).count() == 1
    assert [file.name for file in folder.iterdir()] == [f"{ALIVE:016x}"]


def test_what_may_be_past_its_final_dot_is_never_handed_back(
    now: datetime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = claim(DEAD, now, monkeypatch)
    delivery.outbox.mark([mail], now=now)
    before = Delivery.objects.values().get(pk=mail.pk)
    assert lives.hand_back(folder) == 1, "only the report"
    assert Delivery.objects.values().get(pk=mail.pk) == before
    assert mail not in Delivery.objects.claimable(now + timedelta(hours=1))


def test_each_lease_has_a_token_of_its_own(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = claim(DEAD, now, monkeypatch), claim(DEAD, now, monkeypatch)
    assert first.lease_token != second.lease_token


def test_while_the_database_is_away_the_claims_are_not_forgotten(
    now: datetime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(process: int, *, now: datetime) -> int:
        raise OperationalError("away")

    claim(DEAD, now, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(lives, "HAND_BACK", (away,))
        with pytest.raises(OperationalError):
            lives.hand_back(folder)
    assert lives.hand_back(folder) == 2
