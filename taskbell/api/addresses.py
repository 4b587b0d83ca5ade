"""Confirming an email address, and putting the old one back."""

from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.api.authentication import person_of
from taskbell.api.fields import StrictSerializer, Text, body_of
from taskbell.api.schema import operation
from taskbell.api.session import OpenView
from taskbell.common.clock import utc_now
from taskbell.people.addresses import confirm_address, resend_confirmation, undo_change


class LinkTokenIn(StrictSerializer):
    token = Text(max_length=200)


class EmailConfirm(OpenView):
    @operation("email_confirm", "session", takes=LinkTokenIn)
    def post(self, request: Request) -> None:
        """Confirms an address with the token of the link that was sent to it; a new address counts from now on."""
        confirm_address(body_of(request, LinkTokenIn)["token"], now=utc_now())


class EmailUndo(OpenView):
    @operation("email_undo", "session", takes=LinkTokenIn)
    def post(self, request: Request) -> None:
        """Puts the old address back with the token sent to it, ends all sessions, and emails a password link."""
        undo_change(body_of(request, LinkTokenIn)["token"], now=utc_now())


class EmailResend(APIView):
    @operation("email_resend", "session")
    def post(self, request: Request) -> None:
        """Sends the link once more to your address that waits for its confirmation."""
        resend_confirmation(person_of(request), now=utc_now())
