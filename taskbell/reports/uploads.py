"""Files that wait until their owner has seen what an import would do; then a worker takes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.errors import invalid
from taskbell.reports.imports import asked_of, uploaded
from taskbell.reports.models import Piece, Report, ReportKind, ReportQuerySet, ReportState
from taskbell.transfer.columns import COLUMNS
from taskbell.transfer.headers import key_of
from taskbell.transfer.importing import Options
from taskbell.transfer.rehearsing import Rehearsal, rehearse

MAX_BYTES = 4 * 1024 * 1024  # of a file that is checked to its end
MAX_SECONDS = 10  # of computing
KEPT_FOR = timedelta(hours=1)


def waiting_of(person: User) -> ReportQuerySet:
    """The person's files that no worker may take yet."""
    mine = Report.objects.filter(person=person, kind=ReportKind.IMPORT, state=ReportState.RUNNING)
    return mine.filter(lease_token=None)


def check_upload(report: Report, *, now: datetime) -> Rehearsal:
    """Finds out what an import would do, and keeps it with the file. Headers that are unknown are left out."""
    with uploaded(report) as file:
        is_whole = file.seek(0, 2) <= MAX_BYTES
        asked, options = asked_of(report, seconds=MAX_SECONDS), Options(**report.query["options"])
        found = rehearse(file, asked, options, is_whole=is_whole, by=report.person, now=now)
    headers = [*report.query.get("headers", []), *found.unknown]
    left_out = {key_of(name): "" for name in found.unknown}
    with transaction.atomic():
        report.query |= {"headers": headers, "map": left_out | report.query["map"]}
        report.lease_until = now + KEPT_FOR
        report.save(update_fields=["query", "lease_until"])
        report.pieces.all().delete()
        Piece.objects.create(report=report, position=0, data=orjson.dumps(vars(found)))
    return found


def choose(report: Report, columns: Mapping[str, str], *, dates: str, on_existing: str) -> None:
    """Changes which column each unknown header is, what dates mean, and what happens to known tasks. Raises Invalid."""
    if wrong := set(columns.values()) - {*COLUMNS, ""}:
        raise invalid("map", "unknown", _("There is no column %(wrong)s.") % {"wrong": f"{min(wrong)[:100]!r}"})
    known = {key_of(name) for name in report.query.get("headers", [])}
    chosen = {key: column for name, column in columns.items() if (key := key_of(name)) in known}
    options = report.query["options"] | {"on_existing": on_existing}
    report.query |= {"map": report.query["map"] | chosen, "dates": dates, "options": options}
    report.save(update_fields=["query"])


def found_in(report: Report) -> Rehearsal:
    """What the last check has found."""
    piece = report.pieces.filter(position=0).first()
    return Rehearsal(**orjson.loads(bytes(piece.data))) if piece else Rehearsal()
