"""People: who is here, with which role; invitations; and what happens when somebody leaves."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from taskbell.accounts.models import User
from taskbell.accounts.policy import INVITES, Capability, Role
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound
from taskbell.common.values import read_field, read_id
from taskbell.people.editing import update_person
from taskbell.people.invitations import invites_seen_by
from taskbell.people.leaving import deactivate_person, reactivate_person
from taskbell.people.roles import active_person, check_may_manage
from taskbell.search.people import page_of_people
from taskbell.tasks.models import Task
from taskbell.web.door import done, person_of, signed_in
from taskbell.web.shell import AppRequest

PAGE_SIZE = "100"
ROLES = {
    Role.ADMIN: (Role.ADMIN.label, gettext_lazy("sees everything and manages people")),
    Role.MANAGER: (Role.MANAGER.label, gettext_lazy("sees and changes everything")),
    Role.MEMBER: (Role.MEMBER.label, gettext_lazy("creates tasks and projects")),
    Role.INTERN: (Role.INTERN.label, gettext_lazy("works on tasks assigned to them")),
}


@signed_in
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """The page."""
    app = AppRequest(request)
    given = {"q": words} if (words := request.GET.get("q", "").strip()) else {}
    page = page_of_people(given | {"page": request.GET.get("page", "1"), "page_size": PAGE_SIZE}, app.person)
    manages = app.person.can(Capability.MANAGE_PEOPLE)
    context = {
        "people": page.rows,
        "count": page.count,
        "further": page.next,
        "words": words,
        "manages": manages,
        "roles": ROLES,
        "may_invite": [(role, ROLES[Role(role)]) for role in Role.values if role in INVITES[app.person.role]],
        "invites": invites_seen_by(app.person, now=app.now) if app.person.can(Capability.INVITE) else [],
        "left": User.objects.filter(is_active=False).order_by("name_sort", "id")[:100] if manages else [],
        "here": "people",
    }
    return app.page("app/people.html", context)


@signed_in
@require_POST
def change_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the person another role."""
    by, now = person_of(request), utc_now()
    person = active_person(pk)
    update_person(person, {"role": request.POST.get("role", "")}, by=by, now=now)
    words = ROLES[Role(person.role)][0]
    return done(request, _("%(name)s now has the role %(role)s.") % {"name": person.name, "role": words}, to="/people/")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks who gets the person's open tasks; POST deactivates the account."""
    app = AppRequest(request)
    person = active_person(pk)
    check_may_manage(person, by=app.person)
    if request.method != "POST":
        return app.page("app/deactivate.html", _before_leaving(person))
    hand_to = request.POST.get("hand_to", "")
    receiver = read_field("hand_to", read_id, hand_to) if hand_to else None
    deactivate_person(person, hand_to=receiver, by=app.person, now=app.now)
    undo = f"/people/{pk}/reactivate/"
    return done(request, _("%(name)s is deactivated.") % {"name": person.name}, undo=undo, to="/people/")


def _before_leaving(person: User) -> dict[str, Any]:
    others = User.objects.filter(is_active=True).exclude(pk=person.pk).order_by("name_sort", "id")
    count = Task.objects.filter(assigned_to=person).open().count()
    return {"who": person, "others": others, "count": count, "here": "people"}


@signed_in
@require_POST
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Lets somebody sign in again."""
    person = User.objects.filter(pk=pk, is_active=False).first()
    if person is None:
        raise NotFound
    reactivate_person(person, by=person_of(request), now=utc_now())
    return done(request, _("%(name)s can sign in again.") % {"name": person.name}, to="/people/")
