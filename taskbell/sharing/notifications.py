"""Emails about projects: somebody was added to one, or is invited to join."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.invites import token_of
from taskbell.accounts.models import User
from taskbell.common.quoting import MAX_PROJECT_NAME, name_in_quotes, one_line
from taskbell.notifications.kinds import Kind
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Notification
from taskbell.projects.models import Membership, ProjectInvite, ProjectRole

SALT = "taskbell.sharing.joining"
MAY = {
    ProjectRole.OWNER: gettext_noop("You can manage the project, its members and its tasks."),
    ProjectRole.EDITOR: gettext_noop("You can create and edit its tasks."),
    ProjectRole.VIEWER: gettext_noop("You can read and comment on its tasks."),
}


def _membership(notice: Notification) -> Membership | None:
    members = Membership.objects.filter(project=notice.data["project"], person=notice.recipient)
    return members.filter(project__deleted_at=None).select_related("project").first()


def _unless_removed(notice: Notification) -> str | None:
    return (
        None if _membership(notice) else gettext_noop("Cancelled because the person no longer belongs to the project.")
    )


def _as_it_is(notice: Notification) -> dict[str, Any]:
    """The project and the role as they are when the email is rendered."""
    member = _membership(notice)
    name = member.project.name if member else ""
    may = _(MAY[ProjectRole(member.role)]) if member else ""
    project_id = notice.data["project"]
    return {"project": one_line(name, most=MAX_PROJECT_NAME), "project_id": project_id, "may": may}


def _unless_withdrawn(invite: Notification) -> str | None:
    is_waiting = ProjectInvite.objects.filter(pk=invite.data["invite"]).exists()
    return None if is_waiting else gettext_noop("Cancelled because the invitation was withdrawn or replaced.")


def _join_link(invite: Notification) -> dict[str, Any]:
    data = invite.data
    return {
        "link": f"{settings.URL}/projects/join/{join_token(data['invite'])}/",
        "inviter": name_in_quotes(data["inviter"]),
        "project": one_line(data["project"], most=MAX_PROJECT_NAME),
        "may": _(MAY[ProjectRole(data["role"])]),
    }


def join_token(invite_id: int) -> str:
    """The token in the link of an invitation to a project."""
    return token_of(invite_id, salt=SALT)


PROJECT_SHARED = Kind(
    "project_shared",
    title=gettext_noop("Project shared"),
    switch=gettext_noop("Someone adds me to a project"),
    reason_not_to_send=_unless_removed,
    context=_as_it_is,
    about=lambda notice: _as_it_is(notice)["project"],
    is_gathered=True,
)
PROJECT_INVITE = Kind(
    "project_invite",
    title=gettext_noop("Invitation to a project"),
    shows_in_app=False,
    ignores_quiet_hours=lambda _: True,
    reason_not_to_send=_unless_withdrawn,
    context=_join_link,
)
KINDS = (PROJECT_SHARED, PROJECT_INVITE)


def notify_shared(members: Iterable[Membership], *, by: User, now: datetime) -> None:
    """Notifies these people that they belong to the project now, unless they have done it themselves."""
    messages = []
    for member in members:
        if member.person_id != by.pk:
            key, data = f"{PROJECT_SHARED.name}:{member.pk}", {"by": by.name, "project": member.project_id}
            messages.append(Message(member.person_id, PROJECT_SHARED, key, now, data=data, caused_by=by.pk))
    notify(messages, now=now)


def mail_project_invite(invite: ProjectInvite, *, by: User, now: datetime) -> None:
    """Emails the link by which the owner of the address joins the project."""
    data = {"invite": invite.pk, "inviter": by.name, "project": invite.project.name, "role": invite.role}
    data["language"] = by.profile.language
    message = Message(None, PROJECT_INVITE, f"project_invite:{invite.pk}", now, address=invite.email, data=data)
    notify([message], now=now)
