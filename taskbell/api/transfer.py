"""Import and export of tasks."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api import idempotency
from taskbell.api.authentication import person_of
from taskbell.api.import_answers import ImportOut, imported, refused
from taskbell.api.lists import TASK_PARAMETERS, query_of
from taskbell.api.reports import MEDIA_TYPES, ReportOut, report_as_json
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.common.deadline import deadline, no_deadline
from taskbell.common.errors import TooLarge, invalid
from taskbell.common.values import read_boolean, read_choice
from taskbell.reports.imports import drop_unless_started, start_import, store_upload
from taskbell.search.parameters import read_parameter, refuse_unknown
from taskbell.search.tasks import ordered_tasks
from taskbell.tasks.policy import check_may_create
from taskbell.tasks.quotas import count_import
from taskbell.transfer.cells import ORDERS
from taskbell.transfer.exporting import FORMATS as WRITERS
from taskbell.transfer.exporting import export_tasks, with_bom
from taskbell.transfer.formats import BY_TYPE, GENERIC_TYPES, READERS, FileOptions, format_of
from taskbell.transfer.headers import read_map
from taskbell.transfer.importing import ON_EXISTING, SKIP, ImportRefused, Options, TooManyRows, prepared
from taskbell.transfer.reading_apart import FileToRead, reading_apart

# Of a request. What needs more is imported by a worker.
MAX_SECONDS = 10  # of computing, to read a file
MAX_BYTES_AT_ONCE = 4 * 1024 * 1024
MAX_ROWS_AT_ONCE = 10_000  # with their prerequisites and reminders
CHUNK_BYTES = 64 * 1024


class AnyBody(BaseParser):
    """The body as a stream, of any type: it is read row by row."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream


IMPORT_QUERY = [
    OpenApiParameter(
        "format", str, enum=list(READERS), description="By default, detected from the content of the file."
    ),
    OpenApiParameter("partial", bool, description="Import the valid rows even if others are not."),
    OpenApiParameter("strict", bool, description="What can't be imported is an error, not a notice."),
    OpenApiParameter(
        "on_existing",
        str,
        enum=ON_EXISTING,
        description="What to do with tasks that were imported before. By default skip.",
    ),
    OpenApiParameter("map", str, description="Columns by header of a CSV file: `Due:due_date,Cost:`."),
    OpenApiParameter("dates", str, enum=list(ORDERS), description="What 03/04/2026 means in a CSV file."),
]


class TaskImport(APIView):
    accepted_types = (*BY_TYPE, "application/octet-stream", "multipart/form-data")
    parser_classes = [MultiPartParser, AnyBody]

    @operation(
        "tasks_import",
        "tasks",
        ImportOut,
        later=ReportOut,
        takes={
            **dict.fromkeys(("text/csv", "application/x-ndjson", "text/calendar"), OpenApiTypes.STR),
            "application/octet-stream": OpenApiTypes.BINARY,
            "application/json": OpenApiTypes.ANY,
            "multipart/form-data": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}},
        },
        parameters=[*IMPORT_QUERY, idempotency.HEADER],
    )
    @no_deadline()
    def post(self, request: Request) -> HttpResponseBase:
        """Creates a task from each row: all or nothing, or with `partial` the valid rows. Nobody gets an email.

        Tasks that were imported before are recognised, and skipped or updated. A worker imports a large file: the
        answer is 202 and names the report, which shows the progress and in the end the answer.
        """
        person = person_of(request)
        check_may_create(person)
        # Before anything is read. The server also knows the length of a chunked body (config/asgi.py).
        most = settings.TASKBELL_IMPORT_MEGABYTES
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > most * 1024 * 1024:
            raise TooLarge(f"The file must have at most {most} MiB.")
        options, file_options = _options(request), _file_options(request, person)
        count_import(person, now=file_options.now)
        body, media_type, name = _file(request)
        file_options = replace(file_options, name=name)
        said = read_parameter(request.query_params, "format", partial(read_choice, choices=READERS), None)
        hint = format_of(media_type, name)
        asked = FileToRead(file_options, said, hint, MAX_SECONDS, most)
        with stored(body) as (copy, fingerprint):
            key = [said, *vars(options).values(), *file_options.said(), fingerprint]
            if length > MAX_BYTES_AT_ONCE:
                return _later(request, copy, asked, options, key=key)
            try:
                with reading_apart(copy, asked) as file:
                    if file.format is None and media_type not in (*BY_TYPE, *GENERIC_TYPES):
                        raise UnsupportedMediaType(media_type)
                    rows = file.rows()
                    with prepared(rows, options, by=person, now=file_options.now, most=MAX_ROWS_AT_ONCE) as found:
                        answer = partial(imported, request, found.write, file.format)
                        return idempotency.once(request, answer, said=key)
            except TooManyRows:
                return _later(request, copy, asked, options, key=key)
            except ImportRefused as refusal:
                return refused(refusal)


def _later(
    request: Request, file: IO[bytes], asked: FileToRead, options: Options, *, key: list[object]
) -> HttpResponseBase:
    """Lets a worker import the file, unless this request has come before."""
    report = store_upload(person_of(request), file, asked, options, now=asked.options.now)

    def start() -> HttpResponseBase:
        start_import(report)
        return Response(report_as_json(report), status=202, headers={"Location": f"/api/reports/{report.pk}/"})

    try:
        return idempotency.once(request, start, said=key)
    finally:
        drop_unless_started(report)


def _options(request: Request) -> Options:
    query = request.query_params
    refuse_unknown(query_of(request), [one.name for one in IMPORT_QUERY])
    return Options(
        partial=read_parameter(query, "partial", read_boolean, False),
        strict=read_parameter(query, "strict", read_boolean, False),
        on_existing=read_parameter(query, "on_existing", partial(read_choice, choices=ON_EXISTING), SKIP),
    )


def _file_options(request: Request, person: User) -> FileOptions:
    query = request.query_params
    return FileOptions(
        now=utc_now(),
        zone=person.profile.timezone,
        columns=read_map(query.get("map", "")),
        order=read_parameter(query, "dates", partial(read_choice, choices=ORDERS), ""),
    )


def _file(request: Request) -> tuple[Any, str, str]:
    """The file to import, its media type and its name. Raises Invalid."""
    media_type = request.content_type.partition(";")[0].strip().lower()
    file: Any = request.data
    name = ""
    if media_type == "multipart/form-data":
        file = file.get("file")
        if not isinstance(file, UploadedFile):
            raise invalid("file", "required", "Send the file as `file`.")
        media_type, name = (file.content_type or "").lower(), file.name or ""
    if not hasattr(file, "read"):
        raise invalid("", "empty", "Send a file to import.")
    return file, media_type, name


@contextmanager
def stored(body: Any) -> Iterator[tuple[IO[bytes], str]]:
    """The body in a temporary file, and its hash."""
    with TemporaryFile() as file:
        hash_ = hashlib.sha256()
        while chunk := body.read(CHUNK_BYTES):
            hash_.update(chunk)
            file.write(chunk)
        file.flush()
        yield file, hash_.hexdigest()


class TaskExport(APIView):
    @extend_schema(
        operation_id="tasks_export",
        tags=["tasks"],
        parameters=[
            OpenApiParameter(
                "format", str, enum=list(WRITERS), description="By default the type that `Accept` names, or csv."
            ),
            OpenApiParameter("bom", bool, description="Begin the CSV with a byte order mark, which Excel needs."),
            *TASK_PARAMETERS,
        ],
        responses={(200, MEDIA_TYPES[name].partition(";")[0]): OpenApiTypes.STR for name in WRITERS},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Exports the tasks you can see, filtered as in the list, the oldest first. The file can be imported again."""
        person, query = person_of(request), query_of(request)
        format_ = query.pop("format", None) or _accepted(request)
        if format_ not in WRITERS:
            raise invalid("format", "invalid", f"Must be one of {', '.join(WRITERS)}.")
        bom = read_parameter(query, "bom", read_boolean, False)
        if bom and format_ != "csv":
            raise invalid("bom", "invalid", "Can't be true, because only CSV has a byte order mark. Omit it.")
        query.pop("bom", None)
        pieces = export_tasks(ordered_tasks(query, person), person, format_)
        pieces = with_bom(pieces) if bom else pieces
        headers = {"Content-Disposition": f'attachment; filename="tasks.{format_}"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(
            StreamedFile(pieces, _has_left(request)), content_type=MEDIA_TYPES[format_], headers=headers
        )


def _accepted(request: Request) -> str:
    """The format that the request accepts, if it names one type; otherwise CSV."""
    accepted = request.headers.get("Accept", "").partition(";")[0].strip().lower()
    return next((name for name in WRITERS if MEDIA_TYPES[name].partition(";")[0] == accepted), "csv")


class StreamedFile:
    """The pieces of a file, until the client disconnects. Django closes it, which releases the database connection.

    The first piece is made at once, so that a refusal comes before the answer begins.
    """

    def __init__(self, pieces: Any, has_left: Callable[[], bool]) -> None:
        self._pieces, self._has_left = pieces, has_left
        self._first = next(pieces, b"")

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        while not self._has_left() and (piece := self._next()) is not None:
            yield piece

    def _next(self) -> Any:
        with deadline():  # the whole file may take longer
            return next(self._pieces, None)

    def close(self) -> None:
        self._pieces.close()


def _has_left(request: Request) -> Callable[[], bool]:
    """Tells whether the client has disconnected; False where the server can't tell."""
    left = request.META.get("asgi.scope", {}).get("taskbell.left")
    return left.is_set if left is not None else lambda: False
