"""What is not there or not allowed, as pages of the app: the navigation leads on."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from taskbell.common.errors import NotAllowed, NotFound
from taskbell.web.shell import AppRequest


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For unknown addresses, and for things that the person can't see."""
    if not request.user.is_authenticated:
        return defaults.page_not_found(request, exception)
    words = _("The page doesn't exist, or you don't have access to it. Check the address.")
    return lost(request, _("Page not found"), words, status=NotFound.status)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For pages that the person's role doesn't allow."""
    if not request.user.is_authenticated:
        return defaults.permission_denied(request, exception)
    words = _("Your role doesn't allow this. Ask an admin if you need it.")
    return lost(request, _("You don't have access"), words, status=NotAllowed.status)


def lost(request: HttpRequest, head: str, words: str, *, status: int) -> HttpResponse:
    """Says so to a signed-in person."""
    return AppRequest(request).page("app/lost.html", {"head": head, "words": words}, status=status)
