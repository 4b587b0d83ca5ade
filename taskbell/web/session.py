"""Signing up, in and out."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language_from_request, gettext_noop
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from taskbell.accounts import actions
from taskbell.accounts.invites import invite_of
from taskbell.accounts.middleware import client_of, remember
from taskbell.accounts.policy import Role
from taskbell.accounts.queries import is_claimed, is_setup_token
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotAllowed, NotFound
from taskbell.people.examples import add_examples
from taskbell.people.notifications import ROLES
from taskbell.people.registration import Registration, register
from taskbell.web.door import HOME, form_page, next_address, page, person_of, session_of
from taskbell.web.forms import JoinForm, SignInForm, SignUpForm
from taskbell.web.lost import lost

SIGNED_UP = gettext_noop(
    "Your account is ready: sign in. If {email} already had an account, we sent it an email instead."
)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Creates an account, if registration is open."""
    if request.user.is_authenticated:
        return redirect(HOME)
    if settings.TASKBELL_REGISTRATION != "open":
        return page(request, "by_invitation.html", status=403)
    form = SignUpForm(request.POST if request.method == "POST" else None)
    return _sign_up(request, form, "sign_up.html", first=not is_claimed())


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Creates the first account of an installation, for the holder of the link printed at the start."""
    if not is_setup_token(token):
        return page(request, "setup_over.html", {"claimed": is_claimed()}, status=NotFound.status)
    form = SignUpForm(request.POST if request.method == "POST" else None)
    return _sign_up(request, form, "sign_up.html", {"setup_token": token}, first=True)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Creates an account for the holder of an emailed invitation, regardless of the registration setting."""
    invite = invite_of(token, now=utc_now())
    if invite is None:
        return page(request, "invite_over.html", status=NotFound.status)
    form = JoinForm(request.POST if request.method == "POST" else None, initial={"email": invite.email})
    role = ROLES[invite.role.capitalize()]
    return _sign_up(request, form, "join.html", {"invite": token}, invite=invite, role=role)


def _sign_up(
    request: HttpRequest, form: SignUpForm, template: str, credentials: dict[str, str] | None = None, **context: Any
) -> HttpResponse:
    """Shows the form until the account is created. Signs in those who were invited, and the first admin."""
    invited = "invite" in (credentials or {})

    def act() -> HttpResponse:
        client, now = client_of(request), utc_now()
        fields = form.cleaned_data | (credentials or {}) | {"language": get_language_from_request(request)}
        person = register(Registration(**fields), client=client, now=now)
        if not invited and person.role != Role.ADMIN:  # the same whether or not the address had an account
            messages.success(request, _(SIGNED_UP).format(email=person.email))
            return redirect("sign-in")
        remember(request, actions.open_session(person, client=client, now=now))
        if not invited:
            add_examples(by=person, now=now)
        messages.success(request, _("Welcome, %(name)s. Your account is ready.") % {"name": person.name})
        return redirect(HOME)

    return form_page(request, template, form, act, **context)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Signs a person in and redirects to the page they came from."""
    target = next_address(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(request.POST if request.method == "POST" else None)

    def act() -> HttpResponse:
        given = form.cleaned_data
        session = actions.sign_in(given["identifier"], given["password"], client=client_of(request), now=utc_now())
        remember(request, session)
        return redirect(target)

    registration_open = settings.TASKBELL_REGISTRATION == "open"
    return form_page(request, "sign_in.html", form, act, next=target, registration_open=registration_open)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends this session: its cookie and tokens stop working immediately."""
    if request.user.is_authenticated:
        person, session = person_of(request), session_of(request)
        actions.end_sessions(person, now=utc_now(), because="signed out", only=session.pk)
    request.session.flush()
    messages.success(request, _("You have signed out."))
    return redirect(HOME)


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Replaces the admin's sign-in by ours; a signed-in person who is not ADMIN gets 403."""
    target = next_address(request, default="/admin/")
    if not request.user.is_authenticated:
        return redirect_to_login(target)
    if not person_of(request).is_staff:
        words = _("You are signed in as %(name)s. This account is not an admin.") % {"name": person_of(request).name}
        return lost(request, _("Admins only"), words, status=NotAllowed.status)
    return redirect(target)
