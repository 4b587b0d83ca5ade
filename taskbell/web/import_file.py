"""An uploaded file: what an import would do, its progress, and what it did. Also where people wait for a workbook."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from taskbell.common.deadline import no_deadline
from taskbell.common.errors import NotFound, invalid
from taskbell.reports.actions import delete_report, own_report
from taskbell.reports.imports import start_import
from taskbell.reports.models import UNFINISHED, Piece, Report, ReportKind
from taskbell.reports.uploads import check_upload, choose, found_in, waiting_of
from taskbell.tasks.kinds import PRIORITIES, STATUS_WORDS
from taskbell.tasks.quotas import count_import
from taskbell.transfer.cells import ORDERS
from taskbell.transfer.headers import key_of
from taskbell.transfer.importing import SKIP, UPDATE
from taskbell.web.door import done, signed_in
from taskbell.web.shell import AppRequest

SHOWN, MAX_ANSWER = 50, 1024 * 1024
COLUMN = "column:"
BY_NAME = ("status", "stage", "priority")  # columns of known values
# What a header can be, and the head of the table with the first rows.
WORDS = {
    "title": gettext_lazy("Title"),
    "description": gettext_lazy("Description"),
    "due_date": gettext_lazy("Due date"),
    "due_time": gettext_lazy("Due time"),
    "status": gettext_lazy("Status"),
    "priority": gettext_lazy("Priority"),
    "project": gettext_lazy("Project"),
    "category": gettext_lazy("Category"),
    "labels": gettext_lazy("Labels"),
    "assigned_to": gettext_lazy("Assigned to"),
    "recurrence": gettext_lazy("Repeats"),
    "completed_at": gettext_lazy("Completed on"),
    "created_at": gettext_lazy("Created on"),
    "comments": gettext_lazy("Comments"),
}
HEADS = WORDS | {"due_at": gettext_lazy("Due"), "stage": gettext_lazy("Stage")}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The page; POST changes how the file is read, starts the import, or forgets the file."""
    app = AppRequest(request)
    report = own_report(app.person, pk)
    is_waiting = waiting_of(app.person).filter(pk=report.pk).exists()
    if request.method == "POST":
        return _act(app, report, is_waiting=is_waiting)
    context = {"report": report, "is_waiting": is_waiting, "here": "import"}
    return app.page("app/import_file.html", context | (_checked(report) if is_waiting else _outcome(report)))


@no_deadline()
def _act(app: AppRequest, report: Report, *, is_waiting: bool) -> HttpResponse:
    posted, at = app.http.POST, app.http.path
    if posted.get("do") == "forget":
        delete_report(app.person, report.pk)
        return done(app.http, _("File deleted. Nothing was imported."), to="/import/")
    if not is_waiting:
        raise NotFound
    on_existing, dates = posted.get("on_existing", SKIP), posted.get("dates", "")
    if on_existing not in (SKIP, UPDATE) or dates not in ("", *ORDERS):
        raise invalid("on_existing", "invalid", _("Choose one of the values."))
    columns = {name.removeprefix(COLUMN): str(posted[name]) for name in posted if name.startswith(COLUMN)}
    choose(report, columns, dates=dates, on_existing=on_existing)
    if posted.get("do") == "import":
        start_import(report)
        return done(app.http, _("The import has started."), to=at)
    count_import(app.person, now=app.now)
    check_upload(report, now=app.now)
    return done(app.http, _("Checked again."), to=at)


def _checked(report: Report) -> dict[str, Any]:
    found, said = found_in(report), report.query
    present = [name for name in HEADS if any(name in row for row in found.first)]
    headers = [(name, f"{COLUMN}{name}", said["map"].get(key_of(name), "")) for name in said.get("headers", [])]
    return {
        "found": found,
        "heads": [HEADS[name] for name in present],
        "rows": [[_cell(name, row.get(name, "")) for name in present] for row in found.first],
        "headers": headers,
        "words": WORDS,
        "dates": said["dates"],
        "on_existing": said["options"]["on_existing"],
    }


def _cell(name: str, text: str) -> Any:
    if name == "due_time":
        return text.removesuffix(":00") if text.count(":") > 1 else text
    return (PRIORITIES if name == "priority" else STATUS_WORDS).get(text, text) if name in BY_NAME else text


def _outcome(report: Report) -> dict[str, Any]:
    """What the worker has answered, if it has and the answer is short enough to be shown."""
    is_busy = report.state in UNFINISHED
    has_answer = report.kind == ReportKind.IMPORT and not is_busy and 0 < report.size <= MAX_ANSWER
    answer = orjson.loads(b"".join(Piece.file_of(report))) if has_answer else {}
    lists = {name: answer.get(name, [])[:SHOWN] for name in ("errors", "notices")}
    return {"is_busy": is_busy, "answer": answer, "is_import": report.kind == ReportKind.IMPORT, **lists}
