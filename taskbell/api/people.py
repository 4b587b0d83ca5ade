"""People: yourself, the others in this installation, and invitations."""

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.accounts.policy import ROLES, Capability, Role
from taskbell.accounts.profile import LANGUAGES
from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Choice, Flag, Password, StrictSerializer, Text, TimeOfDay, Zone, body_of
from taskbell.api.lists import PAGING, both_ways, documented, page_response, query_of
from taskbell.api.schema import operation
from taskbell.api.session import NamesIn, Register
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotAllowed
from taskbell.common.values import read_id
from taskbell.payloads.people import (
    DirectoryOut,
    InviteOut,
    ProfileOut,
    directory_as_json,
    invite_as_json,
    profile_as_json,
)
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite, invites_seen_by, withdraw_invite
from taskbell.people.leaving import deactivate_person
from taskbell.people.roles import active_person, check_may_manage
from taskbell.search.parameters import read_parameter
from taskbell.search.people import FILTERS, ORDERS, page_of_people

ORDERING = OpenApiParameter("ordering", str, enum=both_ways(ORDERS), description="By default name.")
BLANK_NAMES: dict[str, Any] = {"first_name": "", "last_name": ""}


PROOF = "Needed to change your own address or password."
NEW_ADDRESS = "Your own new address takes effect once you open the link sent to it."


class ProfileIn(NamesIn):
    ignored = frozenset({"id", "role", "email_confirmed", "pending_email"})
    email = Text(max_length=254, required=False, help_text=NEW_ADDRESS)
    current_password = Password(required=False, help_text=PROOF)
    timezone = Zone(required=False)
    language = Choice(choices=sorted(LANGUAGES), required=False)
    digest_enabled = Flag(required=False)
    digest_at = TimeOfDay(required=False)
    digest_overdue = Flag(required=False)
    avatar_colour = Text(max_length=7, required=False)
    mail_preferences = serializers.DictField(child=Flag(), required=False)
    quiet_from = TimeOfDay(required=False, allow_null=True)
    quiet_until = TimeOfDay(required=False, allow_null=True)
    quiet_reminders = Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("quiet_from" in attrs) != ("quiet_until" in attrs):
            raise serializers.ValidationError({"quiet_from": "Send quiet_from and quiet_until together."}, "required")
        return attrs


class OwnProfile(APIView):
    @operation("profile_read", "people", ProfileOut)
    def get(self, request: Request) -> ProfileOut:
        """Shows your profile."""
        return profile_as_json(person_of(request), now=utc_now())

    @operation("profile_replace", "people", ProfileOut, takes=ProfileIn)
    def put(self, request: Request) -> ProfileOut:
        """Replaces your names; settings that you don't send stay as they are."""
        return self._change(person_of(request), BLANK_NAMES | body_of(request, ProfileIn))

    @operation("profile_change", "people", ProfileOut, takes=ProfileIn)
    def patch(self, request: Request) -> ProfileOut:
        """Changes the fields that you send."""
        return self._change(person_of(request), body_of(request, ProfileIn))

    def _change(self, person: User, changes: dict[str, Any]) -> ProfileOut:
        now = utc_now()
        return profile_as_json(update_person(person, changes, by=person, now=now), now=now)


class PersonIn(NamesIn):
    ignored = frozenset({"id"})
    email = Text(max_length=254, help_text=NEW_ADDRESS)
    password = Password(required=False)
    current_password = Password(required=False, help_text=PROOF)
    role = Choice(choices=ROLES, required=False)


class PersonChange(PersonIn):
    email = Text(max_length=254, required=False, help_text=NEW_ADDRESS)


class InviteIn(StrictSerializer):
    email = Text(max_length=254)
    role = Choice(choices=ROLES, required=False, default=Role.MEMBER.value)


class Users(Register):
    """The directory; POST registers, as on other task servers."""

    def get_authenticators(self) -> list[Any]:
        return [] if self._is_newcomer() else [use() for use in APIView.authentication_classes]

    def get_permissions(self) -> list[Any]:
        return [] if self._is_newcomer() else [use() for use in APIView.permission_classes]

    @extend_schema(exclude=True)
    def post(self, request: Request) -> HttpResponseBase:
        return super().post(request)

    def _is_newcomer(self) -> bool:
        return getattr(self.request, "method", None) == "POST"

    @operation("users_list", "people", page_of(DirectoryOut), parameters=[*documented(FILTERS), ORDERING, *PAGING])
    def get(self, request: Request) -> Any:
        """Lists the active people by name; for admins also with address and role."""
        page = page_of_people(query_of(request), person_of(request))
        return page_response(request, page, partial(directory_as_json, to=person_of(request)))


class UserDetail(APIView):
    """One person: yourself, or anybody if you are an admin."""

    @operation("users_read", "people", DirectoryOut)
    def get(self, request: Request, pk: int) -> DirectoryOut:
        """Shows the account."""
        return directory_as_json(self._managed(request, pk), to=person_of(request))

    @operation("users_replace", "people", DirectoryOut, takes=PersonIn)
    def put(self, request: Request, pk: int) -> DirectoryOut:
        """Replaces names and address, and sets the password if you send one."""
        return self._update(request, pk, PersonIn, BLANK_NAMES)

    @operation("users_change", "people", DirectoryOut, takes=PersonChange)
    def patch(self, request: Request, pk: int) -> DirectoryOut:
        """Changes the fields that you send. Only admins can change roles."""
        return self._update(request, pk, PersonChange, {})

    @operation(
        "users_deactivate",
        "people",
        parameters=[
            OpenApiParameter(
                "hand_to", int, description="The person who gets the open tasks; by default, each task's creator."
            )
        ],
    )
    def delete(self, request: Request, pk: int) -> None:
        """Deactivates the account and reassigns the person's open tasks. The last admin can't be deactivated."""
        person = self._managed(request, pk)
        hand_to = read_parameter(request.query_params, "hand_to", read_id, None)
        deactivate_person(person, hand_to=hand_to, by=person_of(request), now=utc_now())

    def _managed(self, request: Request, pk: int) -> User:
        person = active_person(pk)
        check_may_manage(person, by=person_of(request))
        return person

    def _update(self, request: Request, pk: int, form: type[PersonIn], blank: dict[str, Any]) -> DirectoryOut:
        person = self._managed(request, pk)
        changes = blank | body_of(request, form)
        update_person(person, changes, by=person_of(request), now=utc_now())
        return directory_as_json(person, to=person_of(request))


class Invites(APIView):
    @operation("invites_list", "people", list[InviteOut])
    def get(self, request: Request) -> Any:
        """Lists the open invitations you sent; for admins, all of them."""
        invites = invites_seen_by(person_of(request), now=utc_now())
        return etag_response(request, [invite_as_json(invite) for invite in invites])

    @operation("invites_create", "people", InviteOut, status=201, takes=InviteIn)
    def post(self, request: Request) -> InviteOut:
        """Emails a link that works once. Managers can invite members and interns, admins anybody."""
        if not person_of(request).can(Capability.INVITE):
            raise NotAllowed("Your role does not allow you to invite people.")
        body = body_of(request, InviteIn)
        return invite_as_json(invite(body["email"], body["role"], by=person_of(request), now=utc_now()))


class InviteDetail(APIView):
    @operation("invites_withdraw", "people")
    def delete(self, request: Request, pk: int) -> None:
        """Withdraws the invitation: its link stops working."""
        withdraw_invite(pk, by=person_of(request), now=utc_now())
