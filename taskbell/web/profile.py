"""A person's own settings and sessions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from taskbell.accounts import actions
from taskbell.accounts.addresses import pending_email
from taskbell.accounts.middleware import client_of, remember
from taskbell.accounts.models import Session, User
from taskbell.common.clock import utc_now
from taskbell.people.editing import update_person
from taskbell.web.browsers import browser_name
from taskbell.web.door import form_page, person_of, session_of
from taskbell.web.forms import DIGEST, MAIL_LABELS, ProfileForm, mail_field


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, time zone, email preferences, and the list of sessions."""
    person = person_of(request)
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        initial=_initial_values(person),
        zone=person.profile.timezone,
    )

    def act() -> HttpResponse:
        update_person(person, form.changes(), by=person, now=utc_now())
        messages.success(request, "Saved.")
        return redirect("profile")

    shown = {"sessions": _session_rows(request), "zone": person.profile.timezone}
    return form_page(request, "profile.html", form, act, **shown, pending_email=pending_email(person, now=utc_now()))


def _initial_values(person: User) -> dict[str, object]:
    profile = person.profile
    fields = model_to_dict(person, ProfileForm.base_fields) | model_to_dict(profile, ProfileForm.base_fields)
    digest = {"digest_enabled": profile.digest_enabled and profile.wants(DIGEST)}
    return fields | digest | {mail_field(kind): profile.wants(kind) for kind in MAIL_LABELS}


def _session_rows(request: HttpRequest) -> list[dict[str, Any]]:
    sessions = Session.objects.alive(utc_now()).filter(user=person_of(request)).order_by("-last_used_at")
    current = session_of(request).pk
    return [
        {"session": session, "name": browser_name(session.user_agent), "is_current": session.pk == current}
        for session in sessions
    ]


@login_required
def end_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Signs one of the person's browsers or programs out."""
    if request.method != "POST":
        return redirect("profile")  # after a sign-in, the browser returns here with GET
    actions.end_sessions(person_of(request), now=utc_now(), because="ended by its owner", only=session_id)
    messages.success(request, "That session has ended.")
    return redirect("profile")


@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Signs the person out everywhere else; this browser gets a new session."""
    if request.method != "POST":
        return redirect("profile")
    person, now = person_of(request), utc_now()
    actions.end_sessions(person, now=now, because="signed out everywhere else")
    remember(request, actions.open_session(person, client=client_of(request), now=now))
    messages.success(request, "You are signed out everywhere else.")
    return redirect("profile")
