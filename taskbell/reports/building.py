"""Building reports: claim one, write it chunk by chunk, and renew the lease with each chunk.

If a worker is killed, another one takes over its report when the lease ends.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils.translation import gettext_noop

from taskbell.accounts.models import Installation
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common import leases
from taskbell.common.errors import Refusal
from taskbell.common.replica import caught_up_replica, pieces_from
from taskbell.projects.audience import group_keys_of
from taskbell.reports.imports import delete_upload, import_file
from taskbell.reports.models import MAX_ATTEMPTS, Piece, Report, ReportKind, ReportState
from taskbell.reports.questions import read_question
from taskbell.reports.writing import pieces

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
PROGRESS_STEP = 5  # per cent
GAVE_UP = gettext_noop("It was started several times and never finished.")
BROKE = gettext_noop("An unexpected error occurred. See the worker's log.")

Clock = Callable[[], datetime]


class Fenced(Exception):
    """The worker has lost the report: it was deleted, or another worker has taken it over."""


class Released(Exception):
    """The worker stops; another one goes on."""


def make_waiting(*, clock: Clock, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Builds reports until none is waiting; returns how many. Any number of workers can run this concurrently.

    If it has to stop, the unfinished report is released, and later started from the beginning.
    """
    made = 0
    while not should_stop() and (report := claim(clock())):
        try:
            made += _make(report, clock=clock, should_stop=should_stop)
        except Fenced:
            log.info("%s was taken over or deleted", report)
        except OperationalError:
            raise  # the database is unreachable: the lease expires, and another worker takes over
        except Refusal as refusal:
            _end(report, ReportState.FAILED, now=clock(), problem=str(refusal)[:500])
        except Exception:
            log.exception("%s failed", report)
            _end(report, ReportState.FAILED, now=clock(), problem=BROKE)
    return made


@transaction.atomic
def claim(now: datetime) -> Report | None:
    """Claims the oldest waiting or abandoned report for this worker, and resets it."""
    waiting = Report.objects.claimable(now)
    claimed = leases.claim(waiting, limit=1, until=now + LEASE, state=ReportState.RUNNING, progress=0, size=0)
    report = Report.objects.select_related("person").filter(pk__in=claimed).first()
    if report is None:
        return None
    report.pieces.all().delete()
    report.attempt, report.keys = report.attempt + 1, group_keys_of(report.person)
    report.save(update_fields=["attempt", "keys"])
    return report


def hand_back(process: int, *, now: datetime) -> int:
    """Lets others claim at once what a dead process was building. Returns how many reports."""
    return leases.end(Report.objects.filter(state=ReportState.RUNNING), of=process, now=now)


def _make(report: Report, *, clock: Clock, should_stop: Callable[[], bool]) -> bool:
    """Writes the file; False if the report was released or abandoned."""
    if report.attempt > MAX_ATTEMPTS:
        _end(report, ReportState.FAILED, now=clock(), problem=GAVE_UP)
        delete_upload(report)
        return False
    position = 0

    def keep(share: float, data: bytes = b"", *, may_stop: bool = False, **changed: int) -> None:
        nonlocal position
        if may_stop and should_stop():
            raise Released
        _keep(report, position, data, progress=min(int(share * 100), 99), now=clock(), **changed)
        position += bool(data)

    def end(state: ReportState, *, problem: str = "") -> None:
        _end(report, state, now=clock(), problem=problem)

    try:
        if report.kind == ReportKind.IMPORT:
            import_file(report, keep=keep, end=end)
            return True
        # With the person's current permissions.
        question = read_question(report.query, report.person, kind=report.kind, now=clock())
        Installation.own_key()  # which is made at its first use: a replica could not write it
        replica = caught_up_replica() if report.attempt == 1 else None  # it may have ended the first attempt
        for data, share in pieces_from(replica, pieces(report, question, now=clock())):
            keep(share, data, may_stop=True)
        end(ReportState.DONE)
    except Released:
        _write(report, state=ReportState.WAITING, attempt=report.attempt - 1, lease_token=None)
        return False
    return True


@transaction.atomic
def _keep(report: Report, position: int, data: bytes, *, progress: int, now: datetime, **changed: int) -> None:
    """Adds a chunk, and from time to time sends the person the progress. Raises Fenced."""
    previous = report.progress
    _write(report, progress=progress, size=report.size + len(data), lease_until=now + LEASE, **changed)
    if data:
        Piece.objects.create(report=report, position=position, data=data)
    if progress // PROGRESS_STEP > previous // PROGRESS_STEP:
        _notify(report, now=now)


@transaction.atomic
def _end(report: Report, state: ReportState, *, now: datetime, problem: str = "") -> None:
    progress = 100 if state == ReportState.DONE else report.progress
    try:
        _write(report, state=state, progress=progress, problem=problem, finished_at=now, lease_token=None)
    except Fenced:
        return
    _notify(report, now=now)


def _write(report: Report, **fields: object) -> None:
    """Writes only while this worker has the lease. Raises Fenced."""
    if leases.owned([report]).update(**fields) != 1:
        raise Fenced
    for name, value in fields.items():
        setattr(report, name, value)


def _notify(report: Report, *, now: datetime) -> None:
    state = {"report_id": report.pk, "state": str(report.state), "progress": report.progress}
    subject = Subject(SubjectType.REPORT, report.pk)
    record(subject, "progress", by=None, at=now, new=state, person_id=report.person_id)


def forget_old(now: datetime) -> int:
    """Deletes expired reports; returns how many."""
    kept_since = now - timedelta(days=settings.TASKBELL_REPORT_DAYS)
    return Report.objects.filter(finished_at__lt=kept_since).delete()[1].get("reports.Report", 0)
