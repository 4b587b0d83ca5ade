"""Import and export: a file is uploaded and checked, then a worker imports it."""

from tempfile import TemporaryFile

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from taskbell.accounts.policy import Capability
from taskbell.common.clock import utc_now
from taskbell.common.deadline import no_deadline
from taskbell.common.errors import TooLarge, invalid
from taskbell.reports.actions import request_report
from taskbell.reports.imports import store_upload
from taskbell.reports.models import Format, Report, ReportKind
from taskbell.reports.uploads import MAX_SECONDS, check_upload, waiting_of
from taskbell.tasks.policy import check_may_create
from taskbell.tasks.quotas import count_import
from taskbell.transfer.formats import FileOptions, format_of
from taskbell.transfer.importing import Options
from taskbell.transfer.reading_apart import FileToRead
from taskbell.web.door import person_of, signed_in
from taskbell.web.shell import AppRequest


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """The form for a file, what was imported last, and the exports."""
    app = AppRequest(request)
    if request.method == "POST":
        return _upload(app)
    past = Report.objects.filter(person=app.person, kind=ReportKind.IMPORT).exclude(pk__in=waiting_of(app.person))
    context = {
        "past": past.order_by("-id")[:5],
        "may_create": app.person.can(Capability.CREATE_TASKS),
        "megabytes": settings.TASKBELL_IMPORT_MEGABYTES,
        "here": "import",
    }
    return app.page("app/import.html", context)


@no_deadline()
def _upload(app: AppRequest) -> HttpResponse:
    """Stores the file in place of one that waits, checks it, and leads to the result."""
    file, most = app.http.FILES.get("file"), settings.TASKBELL_IMPORT_MEGABYTES
    check_may_create(app.person)
    if not isinstance(file, UploadedFile) or not file.size:
        raise invalid("file", "required", _("Choose a file that is not empty."))
    if file.size > most * 1024 * 1024:
        raise TooLarge(_("The file must have at most %(n)s MiB.") % {"n": most})
    count_import(app.person, now=app.now)
    hint = format_of((file.content_type or "").lower(), file.name or "")
    options = FileOptions(now=app.now, zone=app.person.profile.timezone, name=file.name or "")
    waiting_of(app.person).delete()
    with TemporaryFile() as copy:
        copy.writelines(file.chunks())
        copy.flush()
        asked = FileToRead(options, None, hint, MAX_SECONDS, most)
        report = store_upload(app.person, copy, asked, Options(partial=True), now=app.now)
    check_upload(report, now=app.now)
    return redirect("import-file", report.pk)


@signed_in
@require_POST
def workbook(request: HttpRequest) -> HttpResponse:
    """Lets a worker write a workbook of all tasks that the person sees."""
    report = request_report(person_of(request), ReportKind.EXPORT, Format.XLSX, {}, now=utc_now())
    return redirect("import-file", report.pk)
