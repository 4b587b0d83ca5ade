"""Imports of files that are too large for a request: stored in the database, and imported by a worker."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal, TooMany
from taskbell.common.locks import one_at_a_time
from taskbell.reports.models import MAX_ATTEMPTS, Format, Report, ReportKind, ReportState, Upload
from taskbell.transfer.batches import ImportProgress, write_in_batches
from taskbell.transfer.errors import with_lists
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.importing import ImportRefused, ImportResult, Options, prepared
from taskbell.transfer.reading import Notice, Row
from taskbell.transfer.reading_apart import FileToRead, reading_apart

UPLOAD_BYTES = 512 * 1024
UPLOAD_TIME = timedelta(minutes=10)
MAX_SECONDS = 600  # of computing, to read a file
READING_SHARE = 0.5  # of the progress
Keep = Callable[..., None]
End = Callable[..., None]


def store_upload(person: User, file: IO[bytes], asked: FileToRead, options: Options, *, now: datetime) -> Report:
    """Stores the file, chunk by chunk. Until `start_import`, no worker takes it; if the server dies, it is dropped."""
    query = {
        "format": asked.said or "",
        "hint": asked.hint or "",
        "map": dict(asked.options.columns),
        "dates": asked.options.order,
        "zone": asked.options.zone,
        "name": asked.options.name,
        "options": vars(options),
        "language": asked.language,
    }
    report = Report.objects.create(
        person=person,
        kind=ReportKind.IMPORT,
        format=Format.JSON,
        query=query,
        created_at=now,
        state=ReportState.RUNNING,
        lease_until=now + UPLOAD_TIME,
        attempt=MAX_ATTEMPTS,
    )
    position = 0
    # By position: the process that has begun to read the file may still move the common one.
    while chunk := os.pread(file.fileno(), UPLOAD_BYTES, position * UPLOAD_BYTES):
        Upload.objects.create(report=report, position=position, data=chunk)
        position += 1
    return report


@transaction.atomic
def start_import(report: Report) -> None:
    """Lets a worker take the file. Raises TooMany while another import of the person is in progress."""
    one_at_a_time(f"reports of {report.person_id}")
    mine = Report.objects.filter(person=report.person_id, kind=ReportKind.IMPORT).exclude(pk=report.pk)
    if mine.unfinished().filter(lease_token__isnull=False).exists() or mine.filter(state=ReportState.WAITING).exists():
        raise TooMany(_("An import of yours is still in progress. Wait until it has ended, or delete it."), 10)
    report.state, report.attempt, report.lease_until = ReportState.WAITING, 0, None
    report.save(update_fields=["state", "attempt", "lease_until"])


def drop_unless_started(report: Report) -> None:
    """Forgets the file if no worker is to take it."""
    Report.objects.filter(pk=report.pk, state=ReportState.RUNNING, lease_token=None).delete()


def import_file(report: Report, *, keep: Keep, end: End) -> None:
    """Imports the file. `keep` renews the lease and stores progress and answer, and `end` says how it ended.

    Messages are in the language of the page that sent the file, or in English for the API.
    """
    with override(report.query.get("language", settings.LANGUAGE_CODE)):
        _import_file(report, keep=keep, end=end)


def _import_file(report: Report, *, keep: Keep, end: End) -> None:
    try:
        with uploaded(report) as file, reading_apart(file, asked_of(report)) as found:
            rows = _watched(found.rows(), file, keep)
            options = Options(**report.query["options"])
            is_resumed = report.first_id is not None
            with prepared(rows, options, by=report.person, now=report.created_at, is_resumed=is_resumed) as checked:

                def note(share: float, **changed: int) -> None:
                    keep(READING_SHARE + share * (1 - READING_SHARE), may_stop=True, **changed)

                def finish(result: ImportResult) -> None:
                    _store(with_lists({"format": found.format, **result.counts()}, result.lists()), keep)
                    end(ReportState.DONE)

                write_in_batches(checked, ImportProgress(note, finish, report.first_id, report.written))
    except Refusal as refusal:
        lists = {"errors": refusal.result.errors} if isinstance(refusal, ImportRefused) else {}
        with transaction.atomic():
            _store(with_lists(refusal.document(), lists), keep)
            end(ReportState.FAILED, problem=str(refusal)[:500])
    delete_upload(report)


def delete_upload(report: Report) -> None:
    """Deletes the file, chunk by chunk."""
    while chunk := report.uploads.values_list("pk", flat=True).first():
        Upload.objects.filter(pk=chunk).delete()


def asked_of(report: Report, *, seconds: int = MAX_SECONDS) -> FileToRead:
    """How the file is to be read."""
    said = report.query
    options = FileOptions(report.created_at, said["zone"], said["map"], said["dates"], said.get("name", ""))
    megabytes = settings.TASKBELL_IMPORT_MEGABYTES
    return FileToRead(options, said["format"] or None, said["hint"] or None, seconds, megabytes)


@contextmanager
def uploaded(report: Report) -> Iterator[IO[bytes]]:
    """The file, until the block ends."""
    with TemporaryFile() as file:
        file.writelines(Upload.file_of(report))
        yield file


def _watched(rows: Iterable[Row | Notice], file: IO[bytes], keep: Keep) -> Iterator[Row | Notice]:
    """The rows; the share of the file that has been read is the progress."""
    size = max(os.fstat(file.fileno()).st_size, 1)
    for number, row in enumerate(rows):
        if number % 1000 == 0:
            keep(READING_SHARE * os.lseek(file.fileno(), 0, os.SEEK_CUR) / size, may_stop=True)
        yield row


def _store(answer: Iterable[bytes], keep: Keep) -> None:
    """Stores the answer in chunks of a piece's size."""
    buffered = b""
    for part in answer:
        buffered += part
        if len(buffered) >= UPLOAD_BYTES:
            keep(1.0, buffered)
            buffered = b""
    keep(1.0, buffered)
