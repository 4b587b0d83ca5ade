"""The language of pages."""

from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal


class Language:
    """Pages speak the language of the person, or of a stranger's browser. The API speaks English to everybody."""

    def __init__(self, next_handler: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/"):
            return self.next_handler(request)
        with translation.override(language_for(request)), timezone.override(zone_for(request)):
            return self.next_handler(request)


def language_for(request: HttpRequest) -> str:
    """The language of the page. If the person can't be read now, the view will say so, in the browser's language."""
    person = _reader(request)
    return person.profile.language if person else translation.get_language_from_request(request)


def zone_for(request: HttpRequest) -> str | None:
    """The time zone in which Django's admin shows moments; our own pages name theirs."""
    person = _reader(request) if request.path_info.startswith("/admin/") else None
    return person.profile.timezone if person else None


def _reader(request: HttpRequest) -> User | None:
    try:
        return request.user if request.user.is_authenticated else None
    except (OperationalError, InterfaceError, Refusal):
        return None
