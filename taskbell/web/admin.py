"""The admin's titles, and its tables of people, sessions and invitations, whose verbs also touch tasks and mail."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from taskbell.accounts.models import Invite, Profile, Session, User
from taskbell.common.admin import AdminByVerbs, ReadOnlyAdmin, admin_person
from taskbell.common.clock import utc_now
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite, withdraw_invite
from taskbell.people.leaving import deactivate_person, reactivate_person
from taskbell.people.passwords import password_was_set
from taskbell.people.registration import add_person
from taskbell.people.sessions import end_by_admin
from taskbell.web.people_forms import ChangePersonForm, NewPersonForm

admin.site.site_header = "Taskbell"
admin.site.site_title = "Taskbell"
admin.site.index_title = "Everything in this installation"
admin.site.unregister(Group)  # permissions come from the role

NAMES = ("username", "email", "first_name", "last_name", "role")


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]
    """The person's time zone and notification settings."""

    model = Profile
    can_delete = False
    fields = (
        ("timezone", "language"),
        ("digest_enabled", "digest_at", "digest_overdue"),
        ("avatar_colour", "task_quota"),
    )


@admin.register(User)
class PersonAdmin(AdminByVerbs, UserAdmin):  # type: ignore[type-arg]
    """Everyone who has, or had, an account."""

    form = ChangePersonForm
    add_form = NewPersonForm
    list_display = (*NAMES, "is_active", "email_confirmed", "date_joined")
    list_filter = ("role", "is_active")
    search_fields = ("name_folded__contains", "email__contains")
    search_help_text = "Search by name or email address."
    date_hierarchy = "date_joined"
    ordering = ("name_sort", "id")
    filter_horizontal = ()
    readonly_fields = ("date_joined",)
    inlines = (ProfileInline,)
    fieldsets = (
        (None, {"fields": ["username", "email", "password"]}),
        ("Name", {"fields": [("first_name", "last_name")]}),
        ("Account", {"fields": [("role", "is_active"), "hand_to", "date_joined"]}),
    )
    add_fieldsets = (
        (None, {"fields": ["username", "email", ("first_name", "last_name"), "role", "password1", "password2"]}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return list(self.inlines) if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Also one's own address, which the profile page changes, with the current password."""
        return ("date_joined", "email") if obj and obj.pk == request.user.pk else ("date_joined",)

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


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Current and past sessions."""

    list_display = (
        *("user", "user_agent", "address"),
        *("created_at", "last_used_at", "expires_at", "ended_at", "ended_because"),
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "ended_because")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "address", "user_agent")
    search_help_text = "Search by person, network address or browser."
    date_hierarchy = "created_at"
    fields = list_display
    actions = ("end",)

    @admin.action(description="End the selected sessions")
    def end(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        """Signs the people out of these sessions."""
        ended = end_by_admin(chosen.select_related("user"), by=admin_person(request), now=utc_now())
        self.message_user(request, f"{ended} sessions ended.", messages.SUCCESS)


@admin.register(Invite)
class InviteAdmin(AdminByVerbs):
    """Invitations: sent by whom, and whether they were accepted."""

    list_display = ("email", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = (("accepted_at", admin.EmptyFieldListFilter), "role")
    list_select_related = ("invited_by",)
    search_fields = ("email__contains", "invited_by__name_folded__contains")
    search_help_text = "Search by email address, or by who sent the invitation."
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
