"""A person's email address: changing it, and the pages behind the links that confirm a change or undo it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from taskbell.accounts.addresses import Use, change_of
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound, Refusal
from taskbell.people.addresses import confirm_address, resend_confirmation, undo_change
from taskbell.people.editing import update_person
from taskbell.web.door import form_page, page, person_of
from taskbell.web.forms import ChangeEmailForm


@dataclass(frozen=True)
class LinkPage:
    """What the page behind a link says, and what its button does."""

    act: Callable[..., User]
    question: Any
    done: Any


LINK_PAGES: dict[str, LinkPage] = {
    "confirm": LinkPage(
        confirm_address, gettext_lazy("Confirm this address"), gettext_lazy("Your email address is confirmed")
    ),
    "undo": LinkPage(undo_change, gettext_lazy("Keep the old address"), gettext_lazy("The old address is back")),
}


@sensitive_post_parameters("current_password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Emails a link to the new address of a person who knows the current password."""
    person = person_of(request)
    form = ChangeEmailForm(request.POST if request.method == "POST" else None)

    def act() -> HttpResponse:
        update_person(person, form.cleaned_data, by=person, now=utc_now())
        messages.success(request, _("Check your email: open the link sent to the new address to confirm it."))
        return redirect("settings-security")

    return form_page(request, "email_change.html", form, act)


@login_required
def resend(request: HttpRequest) -> HttpResponse:
    """Emails the link again to the address that waits for confirmation."""
    if request.method == "POST":
        try:
            resend_confirmation(person_of(request), now=utc_now())
            messages.success(request, _("The email is on its way. Open the link in it."))
        except Refusal as refusal:
            messages.error(request, refusal.detail)
    return redirect("settings-security")


# The token in the URL is the permission, as for the buttons in emails.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, use: Use, token: str) -> HttpResponse:
    """The page of a link that confirms an address or undoes a change: only its button acts."""
    if use not in LINK_PAGES:
        raise Http404
    now = utc_now()
    change = change_of(token, use, now=now)
    if change is None:
        return page(request, "email_link_over.html", status=NotFound.status)
    is_done = request.method == "POST"
    try:
        if is_done:
            LINK_PAGES[use].act(token, now=now)
    except Refusal as refusal:
        return page(request, "email_link_over.html", {"refusal": refusal}, status=refusal.status)
    return page(request, "email_link.html", {"link": LINK_PAGES[use], "use": use, "change": change, "is_done": is_done})
