"""What every page needs: the signed-in person, where to go next, and how to show a refusal."""

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from taskbell.accounts.models import Session, User
from taskbell.common.errors import Busy, FieldError, Invalid, NotSignedIn, Refusal, TooMany

HOME = "/"


def person_of(request: HttpRequest) -> User:
    """The signed-in person. Raises NotSignedIn."""
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
    """The page the person wanted to go to, if it is on this site; otherwise the default."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else default


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page that is never cached, so that it can't be read after signing out."""
    response = render(request, f"web/{template}", context, status=status)
    add_never_cache_headers(response)
    return response


def form_page(
    request: HttpRequest, template: str, form: Form, act: Callable[[], HttpResponse], **context: Any
) -> HttpResponse:
    """Shows the form until `act` succeeds; a refusal is shown beside its field."""
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
        if isinstance(refusal, TooMany | Busy):
            response["Retry-After"] = str(refusal.retry_after)
        return response


def show_refusal(form: Form, refusal: Refusal) -> None:
    """Puts each error of the refusal beside its field, or above the form."""
    errors = refusal.errors if isinstance(refusal, Invalid) else []
    for error in errors or [FieldError("", "refused", refusal.detail)]:
        form.add_error(error.field if error.field in form.fields else None, error.message)


def _focus_first_error(form: Form) -> None:
    """Puts the cursor in the first field with an error."""
    for name, field in form.fields.items():
        if name in form.errors:
            field.widget.attrs["autofocus"] = True
            return
