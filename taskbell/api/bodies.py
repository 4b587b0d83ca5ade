"""Refuses bodies that we can't read before anything decodes them."""

from django.http import HttpRequest, HttpResponse

from taskbell.api.errors import API, plain_response
from taskbell.common.errors import Refusal
from taskbell.common.middleware import Middleware

CHARSETS = ("utf-8", "utf8", "us-ascii")
# Of files to import; which of these it is, we detect from the content (transfer/encodings.py).
CHARSETS_OF_FILES = (*CHARSETS, "utf-16", "utf-16le", "utf-16be", "utf-32", "windows-1252", "iso-8859-1")
IMPORTS = ("/api/tasks/import/", "/api/task/import/")


class UnreadableBody(Refusal):
    """The body is in an encoding that nothing here reads."""

    status = 415
    title = "Unsupported media type"


class ReadableBodies(Middleware):
    """Answers 415 to a body in a charset or coding that we don't read, and names what we do."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
        refusal = _refusal(request) if has_body else None
        if refusal is None:
            return self.next_handler(request)
        if request.path_info.startswith(API):
            response = plain_response(refusal)
        else:
            response = HttpResponse(refusal.detail, "text/plain", refusal.status)
        response["Accept-Encoding"] = "identity"  # RFC 9110 §12.5.3
        return response


def _refusal(request: HttpRequest) -> Refusal | None:
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        return UnreadableBody("Can't read a compressed body. Send it without Content-Encoding.")
    is_file = f"{request.path_info.rstrip('/')}/" in IMPORTS
    charset = (request.content_params or {}).get("charset", CHARSETS[0]).strip().lower()
    if charset not in (CHARSETS_OF_FILES if is_file else CHARSETS):
        accepted = "UTF-8, UTF-16 or Windows-1252" if is_file else "UTF-8"
        return UnreadableBody(f"Can't read a body in this charset. Send {accepted}.")
    return None
