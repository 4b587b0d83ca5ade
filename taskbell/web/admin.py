"""People, sessions and invitations in the admin, whose verbs also touch tasks and mail."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from taskbell.accounts.lockout import people_under_attack
from taskbell.accounts.models import Invite, Profile, Session, User
from taskbell.common.admin import AdminByVerbs, ReadOnlyAdmin, Rows, admin_person
from taskbell.common.admin_filters import ValueFilter
from taskbell.common.admin_words import FIELDS
from taskbell.common.clock import utc_now
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite, withdraw_invite
from taskbell.people.leaving import deactivate_person, reactivate_person
from taskbell.people.passwords import password_was_set
from taskbell.people.registration import add_person
from taskbell.people.sessions import end_by_admin
from taskbell.web import admin_history  # noqa: F401 - registers the history
from taskbell.web.people_forms import ChangePersonForm, NewPersonForm

admin.site.unregister(Group)  # permissions come from the role

NAMES = ("username", "email", "first_name", "last_name", "role")


class SignInFilter(admin.SimpleListFilter):
    """People who can't sign in: deactivated, without a password, or after too many attempts."""

    title, parameter_name = gettext_lazy("Can sign in"), "sign_in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        cannot = Q(is_active=False) | Q(is_under_attack=True) | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        chosen = {"yes": queryset.exclude(cannot), "no": queryset.filter(cannot)}
        return chosen.get(self.value() or "", queryset)


class ProfileInline(Rows, admin.StackedInline):  # type: ignore[type-arg]
    """The person's time zone and notification settings."""

    model = Profile
    verbose_name = verbose_name_plural = gettext_lazy("Settings")
    can_delete = False
    fields = (
        ("timezone", "language"),
        ("digest_enabled", "digest_at", "digest_overdue"),
        ("avatar_colour", "task_quota"),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "language":
            return forms.ChoiceField(choices=settings.LANGUAGES, label=FIELDS["language"])
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(User)
class PersonAdmin(AdminByVerbs, UserAdmin):  # type: ignore[type-arg]
    """Everyone who has, or had, an account."""

    form = ChangePersonForm
    add_form = NewPersonForm
    list_display = ("username", "full_name", "email", "role", "can_sign_in", "email_confirmed", "date_joined")
    list_filter = (SignInFilter, "role", "email_confirmed")
    search_fields = ("name_folded__contains", "email__contains")
    search_help_text = gettext_lazy("Search by name or email address.")
    date_hierarchy = "date_joined"
    ordering = ("name_sort", "id")
    filter_horizontal = ()
    readonly_fields = ("date_joined",)
    inlines = (ProfileInline,)
    fieldsets = (
        (None, {"fields": ["username", "email", "password"]}),
        (gettext_lazy("Name"), {"fields": [("first_name", "last_name")]}),
        (gettext_lazy("Account"), {"fields": [("role", "is_active"), "hand_to", "date_joined"]}),
    )
    add_fieldsets = (
        (None, {"fields": ["username", "email", ("first_name", "last_name"), "role", "password1", "password2"]}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        attacked = Q(pk__in=people_under_attack(now=utc_now()))
        return super().get_queryset(request).annotate(is_under_attack=ExpressionWrapper(attacked, BooleanField()))

    @admin.display(description=gettext_lazy("Name"), ordering="name_sort")
    def full_name(self, person: User) -> str:
        """First and last name."""
        return person.get_full_name()

    @admin.display(description=gettext_lazy("Can sign in"))
    def can_sign_in(self, person: Any) -> str:
        """Yes, or why not."""
        if not person.is_active:
            return _("no: deactivated")
        if not person.has_usable_password():
            return _("no: no password")
        return _("no: too many attempts") if person.is_under_attack else _("yes")

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return list(self.inlines) if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Also the person's own address: the settings change it, with the current password."""
        own = ["email"] if obj and obj.pk == request.user.pk else []
        return [*super().get_readonly_fields(request, obj), *own]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        """Sets the password of somebody else; one's own needs the current password."""
        person = self.get_object(request, unquote(id))
        if person is not None and person.pk == request.user.pk:
            return redirect("password-change")
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if person is not None and User.objects.filter(pk=person.pk).exclude(password=person.password).exists():
                password_was_set(person, by=admin_person(request), now=utc_now())
        return response

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the history refers to people. To remove a person, make the account inactive."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            self._change(request, obj, form)
            return
        fields = {name: getattr(obj, name) for name in NAMES}
        obj.pk = add_person(**fields, password=form.cleaned_data["password1"], now=utc_now()).pk
        obj.refresh_from_db()

    def _change(self, request: HttpRequest, obj: User, form: Any) -> None:
        by, now, given = admin_person(request), utc_now(), form.cleaned_data
        person = User.objects.select_related("profile").get(pk=obj.pk)
        update_person(person, {name: given[name] for name in form.changed_data if name in NAMES}, by=by, now=now)
        if person.is_active and not given["is_active"]:
            hand_to = given["hand_to"]
            deactivate_person(person, hand_to=hand_to.pk if hand_to else None, by=by, now=now)
        elif given["is_active"]:
            reactivate_person(person, by=by, now=now)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)  # fills in what the admin's own log needs
        for inline in formset.forms:
            person = User.objects.select_related("profile").get(pk=form.instance.pk)
            changes = {name: inline.cleaned_data[name] for name in inline.changed_data}
            update_person(person, changes, by=admin_person(request), now=utc_now())


# Why sessions end, as accounts and people write it.
REASONS: dict[str, Any] = {
    "signed out": gettext_lazy("signed out"),
    "signed out everywhere else": gettext_lazy("signed out everywhere else"),
    "signed out from elsewhere": gettext_lazy("signed out from elsewhere"),
    "ended by its owner": gettext_lazy("ended by its owner"),
    "ended by an admin": gettext_lazy("ended by an admin"),
    "too many sessions": gettext_lazy("too many sessions"),
    "password changed": gettext_lazy("password changed"),
    "refresh token reused": gettext_lazy("refresh token reused"),
    "account deactivated": gettext_lazy("account deactivated"),
    "address put back": gettext_lazy("email address restored"),
}


class ReasonFilter(ValueFilter):
    """Why sessions have ended."""

    title, parameter_name, values = gettext_lazy("Why it ended"), "ended_because", REASONS.items()


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Current and past sessions."""

    list_display = (
        *("user", "last_used_at", "ended_at", "why", "address", "user_agent"),
        *("created_at", "expires_at"),
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), ReasonFilter)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "address", "user_agent")
    search_help_text = gettext_lazy("Search by person, network address or browser.")
    date_hierarchy = "created_at"
    fields = list_display
    actions = ("end",)

    @admin.action(description=gettext_lazy("End the selected sessions"))
    def end(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        """Signs the people out of these sessions."""
        ended = end_by_admin(chosen.select_related("user"), by=admin_person(request), now=utc_now())
        said = ngettext("%(n)d session ended.", "%(n)d sessions ended.", ended) % {"n": ended}
        self.message_user(request, said, messages.SUCCESS)

    @admin.display(description=gettext_lazy("Why it ended"), ordering="ended_because")
    def why(self, session: Session) -> Any:
        """The reason in words."""
        return REASONS.get(session.ended_because, session.ended_because) or None


@admin.register(Invite)
class InviteAdmin(AdminByVerbs):
    """Invitations: sent by whom, and whether they were accepted."""

    list_display = ("email", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = (("accepted_at", admin.EmptyFieldListFilter), "role")
    list_select_related = ("invited_by",)
    search_fields = ("email__contains", "invited_by__name_folded__contains")
    search_help_text = gettext_lazy("Search by email address, or by the person who sent the invitation.")
    date_hierarchy = "created_at"

    def get_fields(self, request: HttpRequest, obj: Invite | None = None) -> Any:
        return self.list_display if obj else ("email", "role")

    def has_change_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        """Only until it is accepted; accepted invitations stay in the list."""
        return obj is None or obj.accepted_at is None

    def save_model(self, request: HttpRequest, obj: Invite, form: Any, change: bool) -> None:
        invitation = invite(obj.email, obj.role, by=admin_person(request), now=utc_now())
        obj.pk = invitation.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Invite) -> None:
        withdraw_invite(obj.pk, by=admin_person(request), now=utc_now())
