"""Making reports: claim, write piece by piece, renew the lease with each.

The report of a worker that was killed is taken up by another one when the lease is over.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import OperationalError, transaction

from taskbell.activity.actions import record_private
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import Refusal
from taskbell.reports.models import Piece, Report, ReportState
from taskbell.reports.questions import read_question
from taskbell.reports.writing import pieces
from taskbell.tasks.audience import sees_everything

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 5
TOLD_EVERY = 5  # per cent
GAVE_UP = "It was begun several times and never finished."
BROKE = "Something unexpected happened; the log of the worker says more."

Clock = Callable[[], datetime]


class Fenced(Exception):
    """The report is not this worker's any more: it was deleted, or another one has taken it up."""


def make_waiting(*, clock: Clock, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Makes reports until none is waiting; returns how many. Any number of workers may run this at once.

    When it should stop, the unfinished report is given back and will be started again from the beginning.
    """
    made = 0
    while not should_stop() and (report := claim(clock())):
        try:
            made += _make(report, clock=clock, should_stop=should_stop)
        except Fenced:
            log.info("%s is not ours any more", report)
        except OperationalError:
            raise  # the database is away: the lease ends, and somebody takes it up
        except Refusal as refusal:
            _end(report, ReportState.FAILED, now=clock(), problem=str(refusal)[:500])
        except Exception:
            log.exception("%s cannot be made", report)
            _end(report, ReportState.FAILED, now=clock(), problem=BROKE)
    return made


@transaction.atomic
def claim(now: datetime) -> Report | None:
    """Takes the oldest report that nobody makes, for this worker alone, and begins it anew."""
    report = Report.objects.claimable(now).select_for_update(skip_locked=True, of=("self",)).first()
    if report is None:
        return None
    Piece.objects.filter(report=report).delete()
    report.state, report.progress, report.size, report.attempt = ReportState.RUNNING, 0, 0, report.attempt + 1
    report.lease_token, report.lease_until = uuid4(), now + LEASE
    report.of_everything = sees_everything(report.person)
    report.save(force_update=True)
    return report


def _make(report: Report, *, clock: Clock, should_stop: Callable[[], bool]) -> bool:
    """Writes the file; False where it was handed back, or given up."""
    if report.attempt > MAX_ATTEMPTS:
        _end(report, ReportState.FAILED, now=clock(), problem=GAVE_UP)
        return False
    position = 0
    # With the rights that the person has now.
    question = read_question(report.query, report.person, kind=report.kind, now=clock())
    for data, share in pieces(report, question, now=clock()):
        if should_stop():
            _write(report, state=ReportState.WAITING, attempt=report.attempt - 1, lease_token=None)
            return False
        _keep(report, position, data, progress=min(int(share * 100), 99), now=clock())
        position += bool(data)
    _end(report, ReportState.DONE, now=clock(), progress=100)
    return True


@transaction.atomic
def _keep(report: Report, position: int, data: bytes, *, progress: int, now: datetime) -> None:
    """Adds a piece, and tells the person now and then how far it is. Raises Fenced."""
    told = report.progress
    _write(report, progress=progress, size=report.size + len(data), lease_until=now + LEASE)
    if data:
        Piece.objects.create(report=report, position=position, data=data)
    if progress // TOLD_EVERY > told // TOLD_EVERY:
        _tell(report, now=now)


@transaction.atomic
def _end(report: Report, state: ReportState, *, now: datetime, progress: int | None = None, problem: str = "") -> None:
    progress = report.progress if progress is None else progress
    try:
        _write(report, state=state, progress=progress, problem=problem, finished_at=now, lease_token=None)
    except Fenced:
        return
    _tell(report, now=now)


def _write(report: Report, **fields: object) -> None:
    """Writes where the lease is still ours. Raises Fenced."""
    ours = Report.objects.filter(pk=report.pk, state=ReportState.RUNNING, lease_token=report.lease_token)
    if ours.update(**fields) != 1:
        raise Fenced
    for name, value in fields.items():
        setattr(report, name, value)


def _tell(report: Report, *, now: datetime) -> None:
    said = {"report_id": report.pk, "state": str(report.state), "progress": report.progress}
    record_private(report.person_id, Subject(SubjectType.REPORT, report.pk), "progress", at=now, new=said)


def forget_old(now: datetime) -> int:
    """Deletes reports whose time is over; says how many."""
    kept_since = now - timedelta(days=settings.TASKBELL_REPORT_DAYS)
    return Report.objects.filter(finished_at__lt=kept_since).delete()[1].get("reports.Report", 0)
