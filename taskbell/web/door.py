"""What every page needs: who asks, where to go next, and how a refusal is shown."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from taskbell.accounts.actions import Client
from taskbell.accounts.models import Session, User
from taskbell.common.errors import FieldError, Invalid, NotSignedIn, Refusal, TooMany
from taskbell.common.middleware import client_address

HOME = "/"


def client_of(request: HttpRequest) -> Client:
    """The browser that asks."""
    return Client(
        address=client_address(request, proxies=settings.TASKBELL_PROXIES),
        user_agent=request.headers.get("User-Agent", ""),
    )


def person_of(request: HttpRequest) -> User:
    """The person who is signed in. Raises NotSignedIn."""
    if not isinstance(request.user, User):
        raise NotSignedIn("Sign in first.")
    return request.user


def session_of(request: HttpRequest) -> Session:
    """The session of this browser. Raises NotSignedIn."""
    session: Session | None = getattr(person_of(request), "session", None)
    if session is None:
        raise NotSignedIn("Sign in first.")
    return session


def next_address(request: HttpRequest, default: str = HOME) -> str:
    """Where the person wanted to go, if that is a page of ours; the default otherwise."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else default


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page that no cache keeps, so that nobody reads it after signing out."""
    response = render(request, f"web/{template}", context, status=status)
    add_never_cache_headers(response)
    return response


def form_page(
    request: HttpRequest, template: str, form: Form, act: Callable[[], HttpResponse], **context: Any
) -> HttpResponse:
    """The form, until `act` has done what it asks for; a refusal is shown beside its field."""
    context["form"] = form
    if not form.is_bound:
        return page(request, template, context)
    if not form.is_valid():
        _focus_first_error(form)
        return page(request, template, context, status=Invalid.status)
    try:
        return act()
    except Refusal as refusal:
        show_refusal(form, refusal)
        _focus_first_error(form)
        response = page(request, template, context, status=refusal.status)
        if isinstance(refusal, TooMany):
            response["Retry-After"] = str(refusal.retry_after)
        return response


def show_refusal(form: Form, refusal: Refusal) -> None:
    """Puts each sentence of the refusal beside the field it names, or above the form."""
    errors = refusal.errors if isinstance(refusal, Invalid) else []
    for error in errors or [FieldError("", "refused", refusal.detail)]:
        form.add_error(error.field if error.field in form.fields else None, error.message)


def _focus_first_error(form: Form) -> None:
    """Puts the cursor where the correction is to be made."""
    for name, field in form.fields.items():
        if name in form.errors:
            field.widget.attrs["autofocus"] = True
            return
