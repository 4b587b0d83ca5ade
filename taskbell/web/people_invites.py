"""Invitations of people: sending and withdrawing them."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from taskbell.accounts.policy import Capability
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotAllowed
from taskbell.people.invitations import invite, withdraw_invite
from taskbell.web.door import done, person_of, signed_in


@signed_in
@require_POST
def invite_person(request: HttpRequest) -> HttpResponse:
    """Emails an invitation."""
    by, email = person_of(request), request.POST.get("email", "")
    if not by.can(Capability.INVITE):
        raise NotAllowed(_("Your role does not allow you to invite people."))
    made = invite(email, request.POST.get("role", ""), by=by, now=utc_now())
    said = _("Invited %(email)s. The link in the email works once.") % {"email": made.email}
    return done(request, said, to="/people/")


@signed_in
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraws an invitation."""
    withdraw_invite(pk, by=person_of(request), now=utc_now())
    return done(request, _("Invitation withdrawn."), to="/people/")
