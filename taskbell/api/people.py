"""Your own account."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.accounts.profile import LANGUAGES
from taskbell.api.authentication import person_of
from taskbell.api.fields import Choice, Flag, StrictSerializer, Text, TimeOfDay, Zone
from taskbell.api.session import validated
from taskbell.common.clock import utc_now
from taskbell.payloads.people import ProfileOut, profile_as_json
from taskbell.people.editing import update_person


class ProfileIn(StrictSerializer):
    ignored = frozenset({"id", "role"})
    username = Text(max_length=254, required=False)
    email = Text(max_length=254, required=False)
    first_name = Text(max_length=150, required=False, allow_blank=True)
    last_name = Text(max_length=150, required=False, allow_blank=True)
    timezone = Zone(required=False)
    language = Choice(choices=sorted(LANGUAGES), required=False)
    digest_enabled = Flag(required=False)
    digest_at = TimeOfDay(required=False)
    avatar_colour = Text(max_length=7, required=False)
    mail_preferences = serializers.DictField(child=Flag(), required=False)
    quiet_from = TimeOfDay(required=False, allow_null=True)
    quiet_until = TimeOfDay(required=False, allow_null=True)
    quiet_reminders = Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("quiet_from" in attrs) != ("quiet_until" in attrs):
            raise serializers.ValidationError({"quiet_from": "Send quiet_from and quiet_until together."}, "required")
        return attrs


BLANK_NAMES: dict[str, Any] = {"first_name": "", "last_name": ""}


class OwnProfile(APIView):
    """Your account and settings."""

    @extend_schema(operation_id="profile_read", tags=["people"], responses={200: ProfileOut})
    def get(self, request: Request) -> Response:
        """Shows your profile."""
        return _answer(person_of(request))

    @extend_schema(operation_id="profile_replace", tags=["people"], request=ProfileIn, responses={200: ProfileOut})
    def put(self, request: Request) -> Response:
        """Replaces your names; settings that you don't send stay as they are."""
        changes = BLANK_NAMES | validated(ProfileIn(data=request.data))
        return _change(person_of(request), changes)

    @extend_schema(operation_id="profile_change", tags=["people"], request=ProfileIn, responses={200: ProfileOut})
    def patch(self, request: Request) -> Response:
        """Changes the fields that you send."""
        return _change(person_of(request), validated(ProfileIn(data=request.data)))


def _change(person: User, changes: dict[str, Any]) -> Response:
    return _answer(update_person(person, changes, by=person, now=utc_now()))


def _answer(person: User) -> Response:
    return Response(profile_as_json(person))
