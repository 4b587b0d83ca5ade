"""People as they see themselves."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.accounts.policy import ROLES
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.accounts.profile import LANGUAGES
from taskbell.api.authentication import person_of
from taskbell.api.fields import Choice, Flag, StrictSerializer, Text, TimeOfDay, Zone
from taskbell.api.session import validated
from taskbell.common.clock import utc_now
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


class ProfileOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    email = serializers.EmailField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    timezone = serializers.CharField(source="profile.timezone")
    language = serializers.CharField(source="profile.language")
    digest_enabled = serializers.BooleanField(source="profile.digest_enabled")
    digest_at = serializers.TimeField(source="profile.digest_at")
    avatar_colour = serializers.CharField(source="profile.avatar_colour")
    mail_preferences = serializers.SerializerMethodField()
    quiet_from = serializers.TimeField(source="profile.quiet_from", allow_null=True)
    quiet_until = serializers.TimeField(source="profile.quiet_until", allow_null=True)
    quiet_reminders = serializers.BooleanField(source="profile.quiet_reminders")

    def get_mail_preferences(self, person: User) -> dict[str, bool]:
        return {kind: person.profile.wants(kind) for kind in MAIL_SWITCHES}


DEFAULTS: dict[str, Any] = {"first_name": "", "last_name": ""}


class Profile(APIView):
    """My account and how I want to be told."""

    @extend_schema(operation_id="profile_read", tags=["people"], responses={200: ProfileOut})
    def get(self, request: Request) -> Response:
        """Shows my profile."""
        return _answer(person_of(request))

    @extend_schema(operation_id="profile_replace", tags=["people"], request=ProfileIn, responses={200: ProfileOut})
    def put(self, request: Request) -> Response:
        """Replaces my names; settings that are not sent stay as they are."""
        changes = DEFAULTS | validated(ProfileIn(data=request.data))
        return _change(person_of(request), changes)

    @extend_schema(operation_id="profile_change", tags=["people"], request=ProfileIn, responses={200: ProfileOut})
    def patch(self, request: Request) -> Response:
        """Changes what is sent."""
        return _change(person_of(request), validated(ProfileIn(data=request.data)))


def _change(person: User, changes: dict[str, Any]) -> Response:
    return _answer(update_person(person, changes, by=person, now=utc_now()))


def _answer(person: User) -> Response:
    return Response(ProfileOut(person).data)
