"""A person's settings: how pages look, which emails they get, and where they are signed in."""

from typing import Any
from uuid import UUID

from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from taskbell.accounts import actions
from taskbell.accounts.addresses import pending_email
from taskbell.accounts.middleware import client_of, remember
from taskbell.accounts.models import Session, User
from taskbell.common.clock import utc_now
from taskbell.people.editing import update_person
from taskbell.web.browsers import browser_name
from taskbell.web.door import done, form_page, next_address, person_of, session_of, signed_in
from taskbell.web.forms import DIGEST, MAIL_LABELS, LookForm, MailForm, mail_field
from taskbell.web.shell import AppRequest


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Name, time zone, language, and how pages look."""
    app = AppRequest(request)
    form = LookForm(_posted(request), initial=_values(app.person), zone=app.person.profile.timezone)
    return _form(app, "app/settings.html", form, "look")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest) -> HttpResponse:
    """Which emails the person gets, and when."""
    app = AppRequest(request)
    profile = app.person.profile
    digest = {"digest_enabled": profile.digest_enabled and profile.wants(DIGEST)}
    kinds = {mail_field(kind): profile.wants(kind) for kind in MAIL_LABELS}
    form = MailForm(_posted(request), initial=_values(app.person) | digest | kinds)
    return _form(app, "app/settings_mail.html", form, "mail")


@signed_in
@require_POST
def zone(request: HttpRequest) -> HttpResponse:
    """Sets the time zone of the device, which a page offers once to people who are still in UTC."""
    person, now = person_of(request), utc_now()
    update_person(person, {"timezone": request.POST.get("timezone", "")}, by=person, now=now)
    return done(request, _("Your time zone is %(zone)s.") % {"zone": person.profile.timezone}, to=next_address(request))


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _values(person: User) -> dict[str, Any]:
    return model_to_dict(person, ["first_name", "last_name"]) | model_to_dict(person.profile)


def _form(app: AppRequest, template: str, form: Any, tab: str) -> HttpResponse:
    def act() -> HttpResponse:
        update_person(app.person, form.changes(), by=app.person, now=app.now)
        return done(app.http, _("Saved."), to=app.http.path)

    return form_page(app.http, template, form, act, **app.frame, tab=tab, here="settings")


@signed_in
@require_http_methods(["GET", "HEAD"])
def security(request: HttpRequest) -> HttpResponse:
    """The person's address, password and sessions."""
    app = AppRequest(request)
    sessions = Session.objects.alive(app.now).filter(user=app.person).order_by("-last_used_at")
    current = session_of(request).pk
    rows = [{"session": one, "name": browser_name(one.user_agent), "is_current": one.pk == current} for one in sessions]
    waiting = pending_email(app.person, now=app.now)
    context = {"sessions": rows, "pending_email": waiting, "tab": "security", "here": "settings"}
    return app.page("app/settings_security.html", context)


@signed_in
def end_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Signs one of the person's browsers or programs out."""
    if request.method != "POST":
        return redirect("settings-security")  # after a sign-in, the browser returns here with GET
    person, now = person_of(request), utc_now()
    actions.end_sessions(person, now=now, because="ended by its owner", only=session_id)
    return done(request, _("That session has ended."), to="/settings/security/")


@signed_in
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Signs the person out everywhere else; this browser gets a new session."""
    if request.method != "POST":
        return redirect("settings-security")
    person, now = person_of(request), utc_now()
    actions.end_sessions(person, now=now, because="signed out everywhere else")
    remember(request, actions.open_session(person, client=client_of(request), now=now))
    return done(request, _("You are signed out everywhere else."), to="/settings/security/")
