"""What every page needs: the signed-in person, where to go next, and how to show a refusal."""

import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from taskbell.accounts.models import Session, User
from taskbell.common.errors import Busy, Conflict, FieldError, Invalid, NotFound, NotSignedIn, Refusal, TooMany
from taskbell.tasks.prerequisites import Blocked
from taskbell.web.words import quoted

HOME = "/"
OF_PERSON = "Taskbell-Person"  # a header: the person for whom the open page was rendered
MAX_BLOCKERS = 3  # named in a refusal


def person_of(request: HttpRequest) -> User:
    """The signed-in person. Raises NotSignedIn."""
    if not isinstance(request.user, User):
        raise NotSignedIn(_("Sign in first."))
    return request.user


def session_of(request: HttpRequest) -> Session:
    """The session of this browser. Raises NotSignedIn."""
    session: Session | None = getattr(person_of(request), "session", None)
    if session is None:
        raise NotSignedIn(_("Sign in first."))
    return session


def next_address(request: HttpRequest, default: str = HOME) -> str:
    """The page the person wanted to go to, if it is on this site; otherwise the default."""
    return local_address(request, request.POST.get("next") or request.GET.get("next") or "") or default


def local_address(request: HttpRequest, address: str) -> str:
    """The address, if it is on this site: a path from its root."""
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours and address.startswith("/") else ""


def sent(request: HttpRequest, name: str) -> str:
    """The value in the form, or in the address, where undoing has it."""
    return request.POST.get(name) or request.GET.get(name, "")


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


def is_fragment(request: HttpRequest) -> bool:
    """True for a request of htmx, which shows the answer in the page that is open."""
    return request.headers.get("HX-Request") == "true"


def done(
    request: HttpRequest, said: str, *, undo: str = "", touched: Iterable[int] = (), to: str | None = None
) -> HttpResponse:
    """The answer to a verb: what happened, with the address that undoes it.

    In an open page, the rows of the `touched` tasks are then read again, as after a live update; `to` leads to another
    page. Without JavaScript, the browser goes on to `to` or back to the page with the button, which says the same.
    """
    if is_fragment(request) and to is None:
        event = {"taskbell:touched": {"ids": list(touched)}}
        return _partial(request, "app/toast_partial.html", {"text": said, "undo": undo}, trigger=event)
    messages.success(request, said, extra_tags=undo)
    address = to or next_address(request)
    if is_fragment(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def all_of(refusal: Refusal) -> str:
    """The refusal in one line. For a blocked task, it names blocking tasks that the person can see."""
    errors = refusal.errors if isinstance(refusal, Invalid) else []
    said = " ".join(error.message for error in errors) or refusal.detail or str(refusal.title)
    if not isinstance(refusal, Blocked) or not refusal.blockers:
        return said
    titles = ", ".join(quoted(one.title) for one in refusal.blockers[:MAX_BLOCKERS])
    return f"{said} {_('Blocked by: %(titles)s') % {'titles': titles}}"


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The response to a refused verb: the reason, in a toast that stays. The rows show what is stored."""
    said = all_of(refusal)
    if is_fragment(request):
        event: dict[str, Any] = {"taskbell:refused": {}}
        context = {"text": said, "refused": True}
        return _partial(request, "app/toast_partial.html", context, trigger=event, status=refusal.status)
    messages.error(request, said)
    return redirect(next_address(request))


def _partial(
    request: HttpRequest, template: str, context: dict[str, Any], *, trigger: dict[str, Any], status: int = 200
) -> HttpResponse:
    response = fragment(request, template, context, status=status)
    response["HX-Trigger"] = json.dumps(trigger)
    return response


def fragment(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A part of a page, for htmx alone."""
    response = page(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Leads strangers to the sign-in page; an open page keeps what was typed, and says that the session has ended.

    Refusals that the view doesn't handle become a toast here.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            if request.headers.get(OF_PERSON) not in (None, str(request.user.pk)):
                said = _("Can't do this, because somebody else has signed in since this page was opened. Reload it.")
                return refused(request, Conflict(said))
            return _answered(request, view, *args, **kwargs)
        if not is_fragment(request):
            return redirect_to_login(request.get_full_path())
        return fragment(request, "app/signed_out.html", {}, status=NotSignedIn.status)

    return wrapped


def _answered(request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
    """The view's response, or the refusal as a toast. If nothing is found, a whole page is a 404."""
    try:
        return view(request, *args, **kwargs)
    except Refusal as refusal:
        if isinstance(refusal, NotFound) and not is_fragment(request):
            raise Http404 from refusal
        return refused(request, refusal)
