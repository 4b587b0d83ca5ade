"""People are invited to projects by their address, and nobody learns from that who has an account."""

from datetime import timedelta

import pytest
from django.test import Client

from taskbell.accounts.invites import token_of
from taskbell.accounts.models import Invite, User
from taskbell.common.clock import utc_now
from taskbell.common.errors import Invalid
from taskbell.notifications.models import Notification
from taskbell.notifications.policy import reason_not_to_send
from taskbell.people.project_invites import add_by_email
from taskbell.projects.models import Membership, Project, ProjectInvite
from taskbell.sharing.joining import invites_to, join_by_link, project_invite_of
from taskbell.sharing.members import remove_member
from taskbell.sharing.notifications import join_token
from tests.conftest import NOW, PASSWORD, Program, QueryBudget
from tests.sharing.conftest import URL, shared_by
from tests.tasks.conftest import Somebody

INVITES, OTHERS = URL + "{}/invites/", ["cy@example.org", "nobody@example.org"]
LINK = "/projects/join/{}/"


def members_of(project: Project) -> dict[str, str]:
    return dict(Membership.objects.filter(project=project).values_list("person__username", "role"))


def latest_token() -> str:
    return join_token(ProjectInvite.objects.latest("pk").pk)


@pytest.mark.parametrize("who", ["bo", "mia"])
def test_the_answer_is_the_same_whether_the_address_has_an_account(
    who: str, bo: User, cy: User, mia: User, garden: Project, ivo: User, as_user: Somebody
) -> None:
    program, url = as_user({"bo": bo, "mia": mia}[who]), f"{URL}{garden.pk}/members/"
    seen = []
    for address in (ivo.email, cy.email, "nobody@example.org"):  # a person, a member, and nobody
        answer = program.post(url, {"email": address, "role": "VIEWER"})
        seen.append((answer.status_code, answer.content, members_of(garden), len(program.get("/api/users/").content)))
    assert seen[0][0] == 202
    assert [row["email"] for row in program.get(INVITES.format(garden.pk)).json()] == ["ivo@example.org", *OTHERS]
    assert seen[0] == seen[1] == seen[2]
    if who == "mia":
        assert len(program.get("/api/invites/").json()) == 3


def test_somebody_with_an_account_joins_by_the_link_in_the_email(bo: User, ivo: User, garden: Project) -> None:
    add_by_email(garden.pk, "IVO@example.org", "VIEWER", by=bo, now=utc_now())
    notice = Notification.objects.get(kind="project_invite")
    assert (notice.address, notice.recipient) == (ivo.email, None)
    link, browser = LINK.format(latest_token()), Client(HTTP_HOST="localhost")
    assert "Garden" in browser.get(link).content.decode()
    assert "ivo" not in members_of(garden)
    assert browser.post(link).status_code == 200
    assert members_of(garden)["ivo"] == "VIEWER"
    assert browser.post(link).status_code == 404
    remove_member(garden.pk, ivo.pk, by=bo, now=NOW)
    assert browser.post(link).status_code == 404
    assert "ivo" not in members_of(garden)


def test_admins_see_addresses_and_add_the_person_at_once(
    ada: User, garden: Project, ivo: User, as_user: Somebody
) -> None:
    answer = as_user(ada).post(f"{URL}{garden.pk}/members/", {"email": "ivo@example.org"})
    assert (answer.status_code, answer.json()["person"]) == (201, ivo.pk)


def test_somebody_without_an_account_gets_one_and_is_a_member(mia: User, garden: Project, anonymous: Program) -> None:
    add_by_email(garden.pk, "new@example.org", "EDITOR", by=mia, now=utc_now())
    invite = Invite.objects.get()
    assert Notification.objects.get(kind="invite").data["project"] == "Garden"
    answer = anonymous.post(
        "/api/register/", {"email": "new@example.org", "password": PASSWORD, "invite": token_of(invite.pk)}
    )
    assert answer.status_code == 201
    assert members_of(garden)["new"] == "EDITOR"


def test_one_invitation_is_enough_for_two_projects(mia: User, bo: User, garden: Project, anonymous: Program) -> None:
    house = shared_by(bo, name="House")
    for project in (garden, house):
        add_by_email(project.pk, "new@example.org", "VIEWER", by=mia, now=utc_now())
    invite = Invite.objects.get()
    anonymous.post("/api/register/", {"email": invite.email, "password": PASSWORD, "invite": token_of(invite.pk)})
    assert [members_of(project).get("new") for project in (garden, house)] == ["VIEWER", "VIEWER"]


def test_members_who_may_not_invite_send_no_email_to_strangers(bo: User, garden: Project) -> None:
    before = Notification.objects.count()
    add_by_email(garden.pk, "new@example.org", "VIEWER", by=bo, now=utc_now())
    assert Notification.objects.count() == before
    assert not Invite.objects.exists()


def test_an_invitation_is_withdrawn_with_its_projects(mia: User, garden: Project, as_user: Somebody) -> None:
    add_by_email(garden.pk, "new@example.org", "VIEWER", by=mia, now=utc_now())
    assert as_user(mia).delete(f"/api/invites/{Invite.objects.get().pk}/").status_code == 204
    assert not ProjectInvite.objects.exists()


@pytest.mark.parametrize("what", ["expired", "replaced", "inviter left", "inviter is no owner", "deleted", "forged"])
def test_a_link_that_is_no_longer_valid_adds_nobody(what: str, bo: User, ivo: User, garden: Project) -> None:
    add_by_email(garden.pk, ivo.email, "VIEWER", by=bo, now=NOW)
    token, now = latest_token(), NOW
    match what:
        case "expired":
            now += timedelta(days=7)
        case "replaced":
            add_by_email(garden.pk, ivo.email, "EDITOR", by=bo, now=NOW)
        case "inviter left":
            User.objects.filter(pk=bo.pk).update(is_active=False)
        case "inviter is no owner":
            Membership.objects.filter(project=garden, person=bo).update(role="EDITOR")
        case "deleted":
            Project.objects.filter(pk=garden.pk).update(deleted_at=NOW)
        case "forged":
            token = token.rpartition(":")[0] + ":x"
    assert project_invite_of(token, now=now) is None
    with pytest.raises(Invalid):
        join_by_link(token, now=now)
    assert "ivo" not in members_of(garden)


def test_invitations_are_counted_and_bad_ones_refused(
    program: Program, garden: Project, cy: User, as_user: Somebody
) -> None:
    url = f"{URL}{garden.pk}/members/"
    for wrong in ({"email": "nowhere"}, {"email": ""}, {"email": "a@b.org", "person": cy.pk}, {"email": 7}):
        assert program.post(url, wrong).status_code == 400
    assert as_user(cy).post(url, {"email": "a@example.org"}).status_code == 403
    codes = [program.post(url, {"email": "a@example.org"}).status_code for _ in range(4)]
    assert codes == [202, 202, 202, 429]


def test_owners_see_the_open_invitations_and_withdraw_them(
    bo: User, cy: User, ivo: User, garden: Project, as_user: Somebody, query_budget: QueryBudget
) -> None:
    add_by_email(garden.pk, ivo.email, "VIEWER", by=bo, now=utc_now())
    add_by_email(garden.pk, "new@example.org", "EDITOR", by=bo, now=utc_now())
    program, url, token = as_user(bo), INVITES.format(garden.pk), latest_token()
    with query_budget(3):  # session, project, invitations
        first, second = program.get(url).json()
    assert (first["email"], first["role"], first["invited_by"]) == (ivo.email, "VIEWER", bo.pk)
    assert first["created_at"] < first["expires_at"]
    assert as_user(cy).get(url).status_code == as_user(cy).delete(f"{url}{first['id']}/").status_code == 403
    assert program.delete(f"{url}{second['id']}/").status_code == 204
    assert program.delete(f"{url}{second['id']}/").status_code == 404
    assert project_invite_of(token, now=utc_now()) is None
    assert program.get(url).json() == [first]


def test_an_invitation_to_one_project_is_not_withdrawn_through_another(
    bo: User, ivo: User, garden: Project, program: Program
) -> None:
    add_by_email(garden.pk, ivo.email, "VIEWER", by=bo, now=utc_now())
    other = INVITES.format(shared_by(bo, name="House").pk)
    assert program.delete(f"{other}{ProjectInvite.objects.get().pk}/").status_code == 404
    assert (len(program.get(INVITES.format(garden.pk)).json()), program.get(other).json()) == (1, [])


@pytest.mark.parametrize("who", ["ivo", "nobody"])
def test_the_history_has_invitations_without_their_addresses(
    who: str, bo: User, ivo: User, garden: Project, program: Program
) -> None:
    add_by_email(garden.pk, f"{who}@example.org", "VIEWER", by=bo, now=utc_now())
    program.delete(f"{INVITES.format(garden.pk)}{ProjectInvite.objects.get().pk}/")
    logs = program.get(f"{URL}{garden.pk}/logs/")
    assert [row["summary"] for row in logs.json()["results"]][:2] == [
        "Bo withdrew an invitation as viewer.",
        "Bo invited someone as viewer.",
    ]
    assert "example.org" not in logs.content.decode()


@pytest.mark.parametrize("why", ["withdrawn", "replaced"])
def test_an_email_about_an_invitation_that_is_gone_is_not_sent(
    why: str, bo: User, ivo: User, garden: Project, program: Program
) -> None:
    add_by_email(garden.pk, ivo.email, "VIEWER", by=bo, now=utc_now())
    waiting = Notification.objects.get(kind="project_invite")
    assert reason_not_to_send(waiting) is None
    if why == "withdrawn":
        program.delete(f"{INVITES.format(garden.pk)}{ProjectInvite.objects.get().pk}/")
    else:
        add_by_email(garden.pk, ivo.email, "EDITOR", by=bo, now=utc_now())
    assert "withdrawn or replaced" in str(reason_not_to_send(waiting))


def test_invitations_that_no_longer_work_are_not_listed(ada: User, bo: User, ivo: User, garden: Project) -> None:
    add_by_email(garden.pk, ivo.email, "VIEWER", by=bo, now=NOW)
    add_by_email(garden.pk, "new@example.org", "VIEWER", by=ada, now=NOW)
    assert [invite.invited_by for invite in invites_to(garden, now=NOW)] == [bo, ada]
    assert invites_to(garden, now=NOW + timedelta(days=7)) == []
    Membership.objects.filter(project=garden, person=bo).update(role="EDITOR")
    assert [invite.invited_by for invite in invites_to(garden, now=NOW)] == [ada]
