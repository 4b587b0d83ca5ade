"""The admin's forms about people, with the same rules as registration."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.addresses import is_free
from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.accounts.validation import (
    EMAIL_TAKEN,
    USERNAME_TAKEN,
    check_email,
    check_names,
    check_username,
    is_username_taken,
)
from taskbell.common.admin_widgets import CarefulAutocomplete
from taskbell.common.clock import utc_now
from taskbell.common.errors import Conflict, Invalid
from taskbell.people.roles import keep_an_admin
from taskbell.tasks.models import Task

NAMES = ("first_name", "last_name")


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A username and an email address that are still free."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        try:
            email = given["email"] = check_email(given["email"]) if "email" in given else self.instance.email
            if "username" in self.changed_data:
                given["username"] = check_username(given["username"], email=email)
            given |= check_names(**{name: given[name] for name in NAMES if name in self.changed_data})
        except Invalid as refusal:
            raise ValidationError({error.field: error.message for error in refusal.errors}) from refusal
        if is_username_taken(given["username"], but=self.instance.pk or 0):
            raise ValidationError({"username": USERNAME_TAKEN})
        if "email" in self.changed_data and not is_free(email, but=self.instance.pk or 0, now=utc_now()):
            raise ValidationError({"email": EMAIL_TAKEN})
        return given


class NewPersonForm(PersonForm, UserCreationForm):  # type: ignore[type-arg]
    """A person and their first password."""

    class Meta:
        model = User
        fields = ("username", "email")


class ChangePersonForm(PersonForm, UserChangeForm):  # type: ignore[type-arg]
    """A person, and who takes over their open tasks when they leave. At least one ADMIN always remains."""

    hand_to = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        required=False,
        label=_("Reassign tasks to"),
        widget=CarefulAutocomplete(Task._meta.get_field("assigned_to"), admin.site),
        help_text=_("Who takes over this person's open tasks when the account is deactivated. Empty: their creators."),
    )

    class Meta:
        model = User
        fields = ("username", "email", "password", "first_name", "last_name", "role", "is_active")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("role") == Role.ADMIN and given.get("is_active"):
            return given
        try:
            keep_an_admin(without=self.instance)
        except Conflict as refusal:
            raise ValidationError(refusal.detail) from refusal
        return given
