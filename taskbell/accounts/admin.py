"""People and their sessions in the admin."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.models import Profile, Session, User
from taskbell.accounts.policy import Role
from taskbell.accounts.validation import check_email, check_username
from taskbell.common.admin import ReadOnlyAdmin
from taskbell.common.clock import utc_now
from taskbell.common.errors import Invalid
from taskbell.common.text import folded

admin.site.unregister(Group)  # the role says what a person may do


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of registration, whoever writes."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        try:
            given["email"] = check_email(given["email"])
            given["username"] = check_username(given["username"], email=given["email"])
        except Invalid as refusal:
            raise ValidationError({error.field: error.message for error in refusal.errors}) from refusal
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(username_key=folded(given["username"])).exists():
            raise ValidationError({"username": "There is already an account with this username."})
        if others.filter(email=given["email"]).exists():
            raise ValidationError({"email": "There is already an account with this e-mail address."})
        return given


class NewPersonForm(PersonForm, UserCreationForm):  # type: ignore[type-arg]
    """A person and their first password."""

    class Meta:
        model = User
        fields = ("username", "email")


class ChangePersonForm(PersonForm, UserChangeForm):  # type: ignore[type-arg]
    """A person. There is always an ADMIN left."""

    class Meta:
        model = User
        fields = ("username", "email", "password", "first_name", "last_name", "role", "is_active")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        stays_admin = given.get("role") == Role.ADMIN and given.get("is_active")
        admins = User.objects.filter(role=Role.ADMIN, is_active=True)
        if not stays_admin and list(admins.values_list("pk", flat=True)) == [self.instance.pk]:
            raise ValidationError("This is the last admin. Make somebody else an admin first.")
        return given


class SetPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """A new password for somebody, which signs them out everywhere."""

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        person = super().save(commit)
        end_sessions(person, now=utc_now(), because="password changed")
        return person


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]
    """How the person wants to be told."""

    model = Profile
    can_delete = False
    fields = (("timezone", "language"), ("digest_enabled", "digest_at"), "avatar_colour")


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Everybody who has, or had, an account."""

    form = ChangePersonForm
    add_form = NewPersonForm
    change_password_form = SetPasswordForm
    list_display = ("username", "email", "first_name", "last_name", "role", "is_active", "date_joined")
    list_filter = ("role", "is_active")
    search_fields = ("username", "email", "first_name", "last_name")
    search_help_text = "A name or an e-mail address."
    date_hierarchy = "date_joined"
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("date_joined",)
    inlines = (ProfileInline,)
    fieldsets = (
        (None, {"fields": ["username", "email", "password"]}),
        ("Name", {"fields": [("first_name", "last_name")]}),
        ("Standing", {"fields": [("role", "is_active"), "date_joined"]}),
    )
    add_fieldsets = (
        (None, {"fields": ["username", "email", ("first_name", "last_name"), "role", "password1", "password2"]}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return list(self.inlines) if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: history names its people. Who leaves is made inactive."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.username_key = folded(obj.username)
        if change:
            obj.save()
            return
        fields = {name: getattr(obj, name) for name in ("first_name", "last_name", "role")}
        password = form.cleaned_data["password1"]
        person = User.objects.create_person(username=obj.username, email=obj.email, password=password, **fields)
        obj.pk = person.pk
        obj.refresh_from_db()


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Where people are signed in, and where they were."""

    list_display = (
        "user",
        "user_agent",
        "address",
        "created_at",
        "last_used_at",
        "expires_at",
        "ended_at",
        "ended_because",
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "ended_because")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "address", "user_agent")
    search_help_text = "A person, an address or a browser."
    date_hierarchy = "created_at"
    fields = list_display
    actions = ("end",)

    @admin.action(description="End the chosen sessions")
    def end(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        """Signs those people out of those browsers and programs."""
        now = utc_now()
        ended = sum(
            end_sessions(session.user, now=now, because="ended by an admin", only=session.pk)
            for session in chosen.select_related("user")
        )
        self.message_user(request, f"{ended} ended.", messages.SUCCESS)
