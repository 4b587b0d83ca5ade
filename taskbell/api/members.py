"""The members of a project, and the invitations to it."""

from typing import Any, TypedDict

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Choice, IdField, StrictSerializer, Text, body_of
from taskbell.api.lists import PAGING, rows_response
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.payloads.projects import MemberOut, ProjectInviteOut, member_as_json, project_invite_as_json
from taskbell.people.project_invites import add_by_email
from taskbell.projects.models import Membership, ProjectRole
from taskbell.projects.policy import check_may_manage
from taskbell.search.keyset import Key
from taskbell.sharing.joining import invites_to, withdraw_project_invite
from taskbell.sharing.locks import visible_project
from taskbell.sharing.members import add_member, change_member, remove_member


class MemberIn(StrictSerializer):
    ignored = frozenset(MemberOut.__annotations__)
    person = IdField(required=False)
    email = Text(max_length=254, required=False, help_text="Instead of `person`: the address of somebody to invite.")
    role = Choice(choices=ProjectRole.values, required=False, default=ProjectRole.EDITOR.value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("person" in attrs) == ("email" in attrs):
            raise serializers.ValidationError({"person": "Must have either a person or an email."}, "required")
        return attrs


class InvitedOut(TypedDict):
    """The same for every address, whether it has an account or not."""

    detail: str


INVITED = InvitedOut(detail="If this address can be invited, its owner gets an email with a link to join.")


class MemberChange(StrictSerializer):
    ignored = frozenset(MemberOut.__annotations__)
    role = Choice(choices=ProjectRole.values)


class Members(APIView):
    @operation("members_list", "projects", page_of(MemberOut), parameters=PAGING)
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Lists the members of the project, in the order in which they joined."""
        project = visible_project(pk, to=person_of(request))
        return rows_response(request, project.memberships.select_related("person"), [Key("id")], member_as_json)

    @operation("members_add", "projects", MemberOut, status=201, later=InvitedOut, takes=MemberIn, is_repeatable=True)
    def post(self, request: Request, pk: int) -> MemberOut | Response:
        """Adds a person, who gets an email about it; or, for an address, emails a link to join.

        For an address, the answer is 202, whether it has an account or not. Only admins, who see addresses, add its
        owner at once.
        """
        by = person_of(request)
        check_may_manage(by, visible_project(pk, to=by))
        body: dict[str, Any] = body_of(request, MemberIn)
        if "person" in body:
            member: Membership | None = add_member(pk, body["person"], body["role"], by=by, now=utc_now())
        else:
            member = add_by_email(pk, body["email"], body["role"], by=by, now=utc_now())
        return member_as_json(member) if member else Response(INVITED, status=202)


class MemberDetail(APIView):
    @operation("members_change", "projects", MemberOut, takes=MemberChange)
    def patch(self, request: Request, pk: int, person: int) -> MemberOut:
        """Gives the member another role."""
        by = person_of(request)
        check_may_manage(by, visible_project(pk, to=by))
        role = body_of(request, MemberChange)["role"]
        return member_as_json(change_member(pk, person, role, by=by, now=utc_now()))

    @operation("members_remove", "projects")
    def delete(self, request: Request, pk: int, person: int) -> None:
        """Removes the member, or yourself. Tasks of the project that are assigned to them go to nobody."""
        remove_member(pk, person, by=person_of(request), now=utc_now())


class ProjectInvites(APIView):
    @operation("project_invites_list", "projects", list[ProjectInviteOut])
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Lists the open invitations to the project, for people who may manage its members.

        An address is listed whether it has an account or not.
        """
        person = person_of(request)
        project = visible_project(pk, to=person)
        check_may_manage(person, project)
        return etag_response(request, [project_invite_as_json(invite) for invite in invites_to(project, now=utc_now())])


class ProjectInviteDetail(APIView):
    @operation("project_invites_withdraw", "projects")
    def delete(self, request: Request, pk: int, invite: int) -> None:
        """Withdraws the invitation: its link stops working, and an email that still waits is not sent."""
        withdraw_project_invite(pk, invite, by=person_of(request), now=utc_now())
