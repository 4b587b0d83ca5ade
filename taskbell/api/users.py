"""The people of this installation, and invitations."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.accounts.policy import ROLES, Capability, Role
from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Choice, Password, StrictSerializer, Text
from taskbell.api.pagination import frame_of
from taskbell.api.parameters import PAGING, documented, id_parameter, query_of
from taskbell.api.session import Register, validated
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotAllowed
from taskbell.payloads.people import DirectoryOut, InviteOut, directory_as_json, invite_as_json
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite, invites_seen_by, withdraw_invite
from taskbell.people.leaving import deactivate_person
from taskbell.people.roles import active_person, check_may_manage
from taskbell.search.people import FILTERS, page_of_people


class PersonIn(StrictSerializer):
    ignored = frozenset({"id"})
    username = Text(max_length=254, required=False)
    email = Text(max_length=254)
    password = Password(required=False)
    first_name = Text(max_length=150, required=False, allow_blank=True)
    last_name = Text(max_length=150, required=False, allow_blank=True)
    role = Choice(choices=ROLES, required=False)


class PersonChange(PersonIn):
    email = Text(max_length=254, required=False)


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
    def post(self, request: Request) -> Response:
        return super().post(request)

    def _is_newcomer(self) -> bool:
        return getattr(self.request, "method", None) == "POST"

    @extend_schema(
        operation_id="users_list",
        tags=["people"],
        parameters=[*documented(FILTERS), *PAGING],
        responses={200: page_of(DirectoryOut)},
    )
    def get(self, request: Request) -> Any:
        """Lists the active people with their names; for admins also with address and role."""
        page = page_of_people(query_of(request), person_of(request))
        results = [directory_as_json(person, to=person_of(request)) for person in page.rows]
        return etag_response(request, frame_of(page, request) | {"results": results})


class UserDetail(APIView):
    """One person: yourself, or anybody if you are an admin."""

    @extend_schema(operation_id="users_read", tags=["people"], responses={200: DirectoryOut})
    def get(self, request: Request, pk: int) -> Response:
        """Shows the account."""
        return Response(directory_as_json(self._managed(request, pk), to=person_of(request)))

    @extend_schema(operation_id="users_replace", tags=["people"], request=PersonIn, responses={200: DirectoryOut})
    def put(self, request: Request, pk: int) -> Response:
        """Replaces names and address, and sets the password if you send one."""
        return self._update(request, pk, PersonIn, {"first_name": "", "last_name": ""})

    @extend_schema(operation_id="users_change", tags=["people"], request=PersonChange, responses={200: DirectoryOut})
    def patch(self, request: Request, pk: int) -> Response:
        """Changes the fields that you send. Only admins can change roles."""
        return self._update(request, pk, PersonChange, {})

    @extend_schema(
        operation_id="users_deactivate",
        tags=["people"],
        parameters=[
            OpenApiParameter(
                "hand_to", int, description="The person who gets the open tasks; by default, each task's creator."
            )
        ],
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Deactivates the account and reassigns the person's open tasks. The last admin can't be deactivated."""
        person = self._managed(request, pk)
        deactivate_person(person, hand_to=id_parameter(request, "hand_to"), by=person_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _managed(self, request: Request, pk: int) -> User:
        person = active_person(pk)
        check_may_manage(person, by=person_of(request))
        return person

    def _update(self, request: Request, pk: int, form: type[PersonIn], blank: dict[str, Any]) -> Response:
        person = self._managed(request, pk)
        changes = blank | validated(form(data=request.data))
        update_person(person, changes, by=person_of(request), now=utc_now())
        return Response(directory_as_json(person, to=person_of(request)))


class Invites(APIView):
    """Open invitations."""

    @extend_schema(operation_id="invites_list", tags=["people"], responses={200: list[InviteOut]})
    def get(self, request: Request) -> Any:
        """Lists the open invitations you sent; for admins, all of them."""
        invites = invites_seen_by(person_of(request), now=utc_now())
        return etag_response(request, [invite_as_json(invite) for invite in invites])

    @extend_schema(operation_id="invites_create", tags=["people"], request=InviteIn, responses={201: InviteOut})
    def post(self, request: Request) -> Response:
        """Emails a link that works once. Managers can invite members and interns, admins anybody."""
        if not person_of(request).can(Capability.INVITE):
            raise NotAllowed("Your role does not allow you to invite people.")
        body = validated(InviteIn(data=request.data))
        made = invite(body["email"], body["role"], by=person_of(request), now=utc_now())
        return Response(invite_as_json(made), status=status.HTTP_201_CREATED)


class InviteDetail(APIView):
    """One invitation."""

    @extend_schema(operation_id="invites_withdraw", tags=["people"], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Withdraws the invitation: its link stops working."""
        withdraw_invite(pk, by=person_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)
