"""Registration, tokens, sessions and passwords."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts import actions, tokens
from taskbell.accounts.actions import Client
from taskbell.accounts.models import Session
from taskbell.api.authentication import person_of, session_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Password, StrictSerializer, Text
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound, Refusal, invalid
from taskbell.common.middleware import client_address
from taskbell.payloads.people import PersonOut, SessionOut, person_as_json, session_as_json
from taskbell.people.passwords import mail_password_reset, reset_password
from taskbell.people.registration import Registration, check_registration_open, register
from taskbell.people.sessions import renew_session

PAIR = {"access": "eyJhbGciOiJIUzI1NiIs…", "refresh": "eyJhbGciOiJIUzI1NiIs…"}


def client_of(request: Request) -> Client:
    """The program that sent the request."""
    address = client_address(request._request, proxies=settings.TASKBELL_PROXIES)
    return Client(address=address, user_agent=request.headers.get("User-Agent", ""))


def validated(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """The validated body. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class OpenView(APIView):
    """For everybody: a token that is sent along is ignored, even an expired one."""

    authentication_classes = ()
    permission_classes = ()


class RegisterIn(StrictSerializer):
    username = Text(required=False, max_length=254)
    email = Text(max_length=254)
    password = Password()
    first_name = Text(required=False, allow_blank=True, max_length=150)
    last_name = Text(required=False, allow_blank=True, max_length=150)
    invite = Text(required=False, max_length=200)


class TokenIn(StrictSerializer):
    username = Text(required=False, max_length=254)
    email = Text(required=False, max_length=254)
    password = Password()


class RefreshIn(StrictSerializer):
    refresh = Text(max_length=4096)


class TokenPairOut(TypedDict):
    """The tokens of a session; the refresh token works once."""

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
    """A new account."""

    @extend_schema(
        operation_id="register",
        tags=["session"],
        request=RegisterIn,
        responses={201: PersonOut},
        examples=[
            OpenApiExample("Ada", {"email": "ada@example.org", "password": "correct horse battery"}, request_only=True)
        ],
    )
    def post(self, request: Request) -> Response:
        """Creates an account. The username defaults to the email address; the first person becomes ADMIN."""
        if not _names_invitation(request):
            check_registration_open()
        form = Registration(**validated(RegisterIn(data=request.data)))
        person = register(form, client=client_of(request), now=utc_now())
        return Response(person_as_json(person), status=status.HTTP_201_CREATED)


def _names_invitation(request: Request) -> bool:
    """True where the body can be read and has an invitation, valid or not."""
    try:
        return isinstance(request.data, dict) and bool(request.data.get("invite"))
    except (Refusal, APIException):
        return False


class SignIn(OpenView):
    """Signing in."""

    @extend_schema(
        operation_id="sign_in",
        tags=["session"],
        request=TokenIn,
        responses={200: TokenPairOut},
        examples=[
            OpenApiExample("Ada", {"email": "ada@example.org", "password": "correct horse battery"}, request_only=True),
            OpenApiExample("Pair", PAIR, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Signs in by username or email address; either field takes either."""
        body = validated(TokenIn(data=request.data))
        identifier = body.get("username") or body.get("email")
        if not identifier:
            raise invalid("username", "required", "Send a username or an email address.")
        session = actions.sign_in(identifier, body["password"], client=client_of(request), now=utc_now())
        return Response(asdict(tokens.pair_for(session)))


class TokenRefresh(OpenView):
    """The next pair of tokens."""

    @extend_schema(
        operation_id="refresh",
        tags=["session"],
        request=RefreshIn,
        responses={200: TokenPairOut},
        examples=[OpenApiExample("Pair", PAIR, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Exchanges a refresh token for the next pair. Using a refresh token twice ends the session."""
        raw = validated(RefreshIn(data=request.data))["refresh"]
        return Response(asdict(renew_session(raw, now=utc_now())))


class Logout(APIView):
    """Signing out."""

    @extend_schema(operation_id="sign_out", tags=["session"], request=LogoutIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """Ends this session: its tokens stop working at the next request."""
        validated(LogoutIn(data=request.data))
        end(request, session_of(request).pk, because="signed out")
        return Response(status=status.HTTP_204_NO_CONTENT)


def end(request: Request, session_id: UUID, *, because: str) -> None:
    """Ends one of the caller's sessions. Raises NotFound for any other."""
    if not actions.end_sessions(person_of(request), now=utc_now(), because=because, only=session_id):
        raise NotFound


class Sessions(APIView):
    """Your sessions."""

    @extend_schema(operation_id="sessions_list", tags=["session"], responses={200: list[SessionOut]})
    def get(self, request: Request) -> Any:
        """Lists your active sessions, the last used first."""
        mine = Session.objects.alive(utc_now()).filter(user=person_of(request))
        current = session_of(request)
        return etag_response(request, [session_as_json(session, current=current) for session in mine])

    @extend_schema(operation_id="sessions_end_others", tags=["session"], responses={204: None})
    def delete(self, request: Request) -> Response:
        """Signs you out everywhere else."""
        actions.end_sessions(
            person_of(request), now=utc_now(), because="signed out from elsewhere", keep=session_of(request)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionDetail(APIView):
    """One of your sessions."""

    @extend_schema(operation_id="sessions_end", tags=["session"], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Ends one of your sessions."""
        end(request, pk, because="ended by its owner")
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordReset(OpenView):
    """A forgotten password."""

    @extend_schema(operation_id="password_reset", tags=["session"], request=ResetIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """Emails a link to choose a new password. The answer is the same whether or not the account exists."""
        email = validated(ResetIn(data=request.data))["email"]
        mail_password_reset(email, client=client_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordResetConfirm(OpenView):
    """A new password, by the link of the email."""

    @extend_schema(
        operation_id="password_reset_confirm", tags=["session"], request=ResetConfirmIn, responses={204: None}
    )
    def post(self, request: Request) -> Response:
        """Sets the new password with the codes of the emailed link, and signs you out everywhere."""
        body = validated(ResetConfirmIn(data=request.data))
        reset_password(body["uid"], body["token"], body["new_password"], now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordChange(APIView):
    """A new password for a person who is signed in."""

    @extend_schema(
        operation_id="password_change", tags=["session"], request=ChangePasswordIn, responses={200: TokenPairOut}
    )
    def post(self, request: Request) -> Response:
        """Sets a new password and ends all sessions, this one too; answers with the tokens of a new session."""
        body = validated(ChangePasswordIn(data=request.data))
        now: datetime = utc_now()
        session = actions.change_password(
            person_of(request), old=body["old_password"], new=body["new_password"], client=client_of(request), now=now
        )
        return Response(asdict(tokens.pair_for(session)))
