"""Registration, tokens, sessions and passwords."""

from dataclasses import asdict
from typing import Any, TypedDict
from uuid import UUID

from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.accounts import actions, tokens
from taskbell.accounts.middleware import client_of
from taskbell.accounts.models import Session
from taskbell.api.authentication import person_of, session_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Password, StrictSerializer, Text, body_of
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound, Refusal, invalid
from taskbell.payloads.people import PersonOut, SessionOut, person_as_json, session_as_json
from taskbell.people.passwords import change_password, mail_password_reset, reset_password
from taskbell.people.registration import Registration, check_registration_open, register
from taskbell.people.sessions import renew_session

ADA = {"Ada": {"email": "ada@example.org", "password": "correct horse battery"}}
PAIR = {"Pair": {"access": "eyJhbGciOiJIUzI1NiIs…", "refresh": "eyJhbGciOiJIUzI1NiIs…"}}


class OpenView(APIView):
    """For everybody: a token that is sent along is ignored, even an expired one."""

    authentication_classes = ()
    permission_classes = ()


class NamesIn(StrictSerializer):
    username = Text(required=False, max_length=254)
    first_name = Text(required=False, allow_blank=True, max_length=150)
    last_name = Text(required=False, allow_blank=True, max_length=150)


class RegisterIn(NamesIn):
    email = Text(max_length=254)
    password = Password()
    invite = Text(required=False, max_length=200)


class TokenIn(StrictSerializer):
    username = Text(required=False, max_length=254)
    email = Text(required=False, max_length=254)
    password = Password()


class RefreshIn(StrictSerializer):
    refresh = Text(max_length=4096)


class TokenPairOut(TypedDict):
    """The tokens of a session. Each refresh token has one successor."""

    access: str
    refresh: str


class LogoutIn(StrictSerializer):
    refresh = Text(max_length=4096, required=False, allow_blank=True, allow_null=True)


class ResetIn(StrictSerializer):
    email = Text(max_length=254)


class ResetConfirmIn(StrictSerializer):
    aliases = {"password": "new_password"}
    uid = Text(max_length=100)
    token = Text(max_length=200)
    new_password = Password()


class ChangePasswordIn(StrictSerializer):
    old_password = Password()
    new_password = Password()


class Register(OpenView):
    @operation("register", "session", PersonOut, status=201, takes=RegisterIn, refusals=(403,), sent=ADA)
    def post(self, request: Request) -> PersonOut:
        """Creates an account; the first person becomes ADMIN. The username defaults to the local part of the address.

        For an address that already has an account, the answer is the same, and its owner gets an email.
        """
        _check_may_register(request)
        form = Registration(**body_of(request, RegisterIn))
        return person_as_json(register(form, client=client_of(request._request), now=utc_now()))


def _check_may_register(request: Request) -> None:
    """Raises NotAllowed unless registration is open or the body has an invitation, valid or not."""
    try:
        has_invitation = isinstance(request.data, dict) and bool(request.data.get("invite"))
    except (Refusal, APIException):
        check_registration_open()
        raise
    if not has_invitation:
        check_registration_open()


class SignIn(OpenView):
    @operation("sign_in", "session", TokenPairOut, takes=TokenIn, sent=ADA, shown=PAIR)
    def post(self, request: Request) -> dict[str, str]:
        """Signs in by username or email address; either field takes either."""
        body = body_of(request, TokenIn)
        identifier = body.get("username") or body.get("email")
        if not identifier:
            raise invalid("username", "required", "Send a username or an email address.")
        session = actions.sign_in(identifier, body["password"], client=client_of(request._request), now=utc_now())
        return asdict(tokens.pair_for(session))


class TokenRefresh(OpenView):
    @operation("refresh", "session", TokenPairOut, takes=RefreshIn, shown=PAIR)
    def post(self, request: Request) -> dict[str, str]:
        """Exchanges a refresh token for the next pair. Repeating it after the new pair was used ends the session."""
        raw = body_of(request, RefreshIn)["refresh"]
        return asdict(renew_session(raw, now=utc_now()))


class Logout(APIView):
    @operation("sign_out", "session", takes=LogoutIn)
    def post(self, request: Request) -> None:
        """Ends this session: its tokens stop working at the next request."""
        body_of(request, LogoutIn)
        end(request, session_of(request).pk, because="signed out")


def end(request: Request, session_id: UUID, *, because: str) -> None:
    """Ends one of the caller's sessions. Raises NotFound for any other."""
    if not actions.end_sessions(person_of(request), now=utc_now(), because=because, only=session_id):
        raise NotFound


class Sessions(APIView):
    @operation("sessions_list", "session", list[SessionOut])
    def get(self, request: Request) -> Any:
        """Lists your active sessions, the last used first."""
        mine = Session.objects.alive(utc_now()).filter(user=person_of(request))
        current = session_of(request)
        sessions = [session_as_json(session, current=current) for session in mine]
        return etag_response(request, sessions)

    @operation("sessions_end_others", "session")
    def delete(self, request: Request) -> None:
        """Signs you out everywhere else."""
        actions.end_sessions(
            person_of(request), now=utc_now(), because="signed out from elsewhere", keep=session_of(request)
        )


class SessionDetail(APIView):
    @operation("sessions_end", "session")
    def delete(self, request: Request, pk: UUID) -> None:
        """Ends one of your sessions."""
        end(request, pk, because="ended by its owner")


class PasswordReset(OpenView):
    @operation("password_reset", "session", takes=ResetIn)
    def post(self, request: Request) -> None:
        """Emails a link to choose a new password. The answer is the same whether or not the account exists."""
        email = body_of(request, ResetIn)["email"]
        mail_password_reset(email, client=client_of(request._request), now=utc_now())


class PasswordResetConfirm(OpenView):
    @operation("password_reset_confirm", "session", takes=ResetConfirmIn)
    def post(self, request: Request) -> None:
        """Sets the new password with the codes of the emailed link, and signs you out everywhere."""
        body = body_of(request, ResetConfirmIn)
        reset_password(body["uid"], body["token"], body["new_password"], now=utc_now())


class PasswordChange(APIView):
    @operation("password_change", "session", TokenPairOut, takes=ChangePasswordIn)
    def post(self, request: Request) -> dict[str, str]:
        """Sets a new password and ends all sessions, this one too; answers with the tokens of a new session."""
        body = body_of(request, ChangePasswordIn)
        old, new, client = body["old_password"], body["new_password"], client_of(request._request)
        session = change_password(person_of(request), old=old, new=new, client=client, now=utc_now())
        return asdict(tokens.pair_for(session))
