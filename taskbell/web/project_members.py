"""The members of a project: who belongs to it, open invitations, and its history."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.clock import utc_now
from taskbell.common.values import read_field, read_id
from taskbell.payloads.project_history import project_activity_as_json
from taskbell.people.project_invites import add_by_email
from taskbell.projects.models import Membership, ProjectRole
from taskbell.sharing.joining import invites_to, withdraw_project_invite
from taskbell.sharing.locks import visible_project
from taskbell.sharing.members import add_member, change_member, remove_member
from taskbell.web.door import done, person_of, signed_in
from taskbell.web.project_pages import head_of
from taskbell.web.shell import AppRequest

MAX_ENTRIES, MAX_PEOPLE = 100, 500
ROLES = {
    ProjectRole.OWNER: (ProjectRole.OWNER.label, gettext_lazy("manages the project and its members")),
    ProjectRole.EDITOR: (ProjectRole.EDITOR.label, gettext_lazy("creates and changes tasks")),
    ProjectRole.VIEWER: (
        ProjectRole.VIEWER.label,
        gettext_lazy("reads, comments, and works on tasks assigned to them"),
    ),
}


@signed_in
@require_safe
def members(request: HttpRequest, pk: int) -> HttpResponse:
    """The page."""
    app = AppRequest(request)
    shown = visible_project(pk, to=app.person)
    rows = list(Membership.objects.filter(project=shown).select_related("person").order_by("person__name_sort"))
    context = head_of(app, shown, "members")
    if context["manages"]:
        others = User.objects.filter(is_active=True).exclude(pk__in=[row.person_id for row in rows])
        context |= {
            "others": others.order_by("name_sort", "id")[:MAX_PEOPLE],
            "invites": invites_to(shown, now=app.now),
        }
    return app.page("app/project_members.html", context | {"members": rows, "roles": ROLES})


@signed_in
@require_safe
def project_activity(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened to the project and its members."""
    app = AppRequest(request)
    shown = visible_project(pk, to=app.person)
    history = project_activity_as_json(list(Activity.objects.of_project(shown.pk).order_by("-id")[:MAX_ENTRIES]))
    return app.page("app/project_activity.html", head_of(app, shown, "activity") | {"history": history})


def _member_verb(act: Any) -> Any:
    """A view that changes the members of a project; a refusal is shown and changes nothing."""

    @signed_in
    @require_POST
    def view(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
        said = act(request, pk, by=person_of(request), now=utc_now(), **more)
        to = "/projects/" if said is None else f"/projects/{pk}/members/"
        return done(request, said or _("You have left the project."), to=to)

    return view


@_member_verb
def add(request: HttpRequest, pk: int, *, by: User, now: datetime) -> str:
    """Adds a person, or invites an address by email."""
    role, person = request.POST.get("role", ""), request.POST.get("person", "")
    if person:
        member = add_member(pk, read_field("person", read_id, person), role, by=by, now=now)
        return _("%(name)s is now a member.") % {"name": member.person.name}
    email = request.POST.get("email", "")
    add_by_email(pk, email, role, by=by, now=now)
    return _("%(email)s can join with the link in the email.") % {"email": email}


@_member_verb
def change(request: HttpRequest, pk: int, *, person: int, by: User, now: datetime) -> str:
    """Gives the member another role."""
    change_member(pk, person, request.POST.get("role", ""), by=by, now=now)
    return _("Saved.")


@_member_verb
def remove(request: HttpRequest, pk: int, *, person: int, by: User, now: datetime) -> str | None:
    """Ends a membership; one's own as well."""
    remove_member(pk, person, by=by, now=now)
    return None if person == by.pk else _("Removed. Their tasks in this project are now assigned to nobody.")


@_member_verb
def withdraw(request: HttpRequest, pk: int, *, invite: int, by: User, now: datetime) -> str:
    """Withdraws an invitation."""
    withdraw_project_invite(pk, invite, by=by, now=now)
    return _("Invitation withdrawn.")
