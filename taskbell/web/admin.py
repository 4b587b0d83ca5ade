"""The admin's titles, and its tables of people and invitations, whose verbs also touch tasks and mail."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from taskbell.accounts.models import Invite, Profile, User
from taskbell.common.admin import AdminByVerbs, admin_person
from taskbell.common.clock import utc_now
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite, withdraw_invite
from taskbell.people.leaving import deactivate_person, reactivate_person
from taskbell.web.people_forms import ChangePersonForm, NewPersonForm, SetPasswordForm

admin.site.site_header = "Taskbell"
admin.site.site_title = "Taskbell"
admin.site.index_title = "Everything in this installation"

NAMES = ("username", "email", "first_name", "last_name", "role")


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]
    """The person's time zone and notification settings."""

    model = Profile
    can_delete = False
    fields = (("timezone", "language"), ("digest_enabled", "digest_at", "digest_overdue"), "avatar_colour")


@admin.register(User)
class PersonAdmin(AdminByVerbs, UserAdmin):  # type: ignore[type-arg]
    """Everyone who has, or had, an account."""

    form = ChangePersonForm
    add_form = NewPersonForm
    change_password_form = SetPasswordForm
    list_display = ("username", "email", "first_name", "last_name", "role", "is_active", "date_joined")
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

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the history refers to people. To remove a person, make the account inactive."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            self._change(request, obj, form)
            return
        fields = {name: getattr(obj, name) for name in ("first_name", "last_name", "role")}
        password = form.cleaned_data["password1"]
        person = User.objects.create_person(username=obj.username, email=obj.email, password=password, **fields)
        obj.pk = person.pk
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
