"""Invitations let one person in, once, for a week, with the role that was chosen for them."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts.actions import Client
from taskbell.accounts.invites import INVITE_LIFETIME, token_of
from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now
from taskbell.common.errors import Conflict, Invalid, NotAllowed, Refusal, TooMany
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.models import Notification
from taskbell.people.invitations import invite, make_invite, withdraw_invite
from taskbell.people.registration import Registration, register
from tests.conftest import NOW, PASSWORD, Program

Somebody = Callable[[User], Program]
NEW = "new@example.org"
ALLOWED = {
    Role.ADMIN: set(Role),
    Role.MANAGER: {Role.MEMBER, Role.INTERN},
    Role.MEMBER: set(),
    Role.INTERN: set(),
}


@pytest.fixture(autouse=True)
def _by_invitation_only(settings: Any) -> None:
    settings.TASKBELL_REGISTRATION = "invite"


def join(token: str, *, email: str = NEW, now: Any = NOW, **fields: str) -> User:
    return register(Registration(email, PASSWORD, invite=token, **fields), client=Client(), now=now)


def test_the_mail_lets_in_who_it_was_sent_to_with_the_role(mia: User, as_user: Somebody, anonymous: Program) -> None:
    assert as_user(mia).post("/api/invites/", {"email": "New@Example.org", "role": "INTERN"}).status_code == 201
    mail = Notification.objects.get(kind="invite")
    assert (mail.recipient, mail.address) == (None, NEW)
    link = re.search(r"/invite/([^/\s]+)/", compose(mail.deliveries.get(), now=NOW).text)
    assert link is not None
    body = {"email": " NEW@example.org", "password": PASSWORD, "invite": link[1]}
    assert anonymous.post("/api/register/", body).status_code == 201
    assert User.objects.get(email=NEW).role == Role.INTERN
    assert as_user(mia).get("/api/invites/").json() == []


@pytest.mark.parametrize("inviter", Role)
def test_a_role_can_be_given_only_by_those_whose_it_is_to_give(
    ada: User, mia: User, bo: User, ivo: User, inviter: Role
) -> None:
    person = {Role.ADMIN: ada, Role.MANAGER: mia, Role.MEMBER: bo, Role.INTERN: ivo}[inviter]
    given = set()
    for role in Role:
        try:
            make_invite(f"{role}@example.org", role, by=person, now=NOW)
        except NotAllowed:
            continue
        given.add(role)
    assert given == ALLOWED[inviter]


def test_it_works_once(ada: User) -> None:
    token = token_of(make_invite(NEW, Role.MEMBER, by=ada, now=NOW).pk)
    join(token)
    User.objects.filter(email=NEW).update(email="moved@example.org", username_key="moved")
    with pytest.raises(Invalid) as refusal:
        join(token)
    assert refusal.value.errors[0].field == "invite"


def test_it_works_for_a_week(ada: User) -> None:
    token = token_of(make_invite(NEW, Role.MEMBER, by=ada, now=NOW).pk)
    with pytest.raises(Invalid):
        join(token, now=NOW + INVITE_LIFETIME)
    assert join(token, now=NOW + INVITE_LIFETIME - timedelta(seconds=1)).role == Role.MEMBER
    assert timedelta(days=7) == INVITE_LIFETIME


def test_it_works_for_one_address_and_a_wrong_one_does_not_use_it_up(ada: User) -> None:
    token = token_of(make_invite(NEW, Role.MEMBER, by=ada, now=NOW).pk)
    with pytest.raises(Invalid) as refusal:
        join(token, email="other@example.org")
    assert refusal.value.errors[0].field == "email"
    assert join(token).email == NEW


def test_a_registration_that_fails_does_not_use_it_up(ada: User, bo: User) -> None:
    token = token_of(make_invite(NEW, Role.MEMBER, by=ada, now=NOW).pk)
    with pytest.raises(Conflict):
        join(token, username="bo")
    with pytest.raises(Invalid):
        register(Registration(NEW, "short", invite=token), client=Client(), now=NOW)
    assert join(token).role == Role.MEMBER


@pytest.mark.parametrize("token", ["", "1", "x:y", "999999:abc", "\x00", "ü" * 100])
def test_a_word_that_was_not_mailed_opens_nothing(ada: User, anonymous: Program, token: str) -> None:
    make_invite(NEW, Role.MEMBER, by=ada, now=NOW)
    body = {"email": NEW, "password": PASSWORD, "invite": token}
    assert anonymous.post("/api/register/", body).status_code in (400, 403)
    assert not User.objects.filter(email=NEW).exists()


def test_nobody_forges_the_invitation_next_to_theirs(ada: User, mia: User) -> None:
    mine = token_of(make_invite(NEW, Role.INTERN, by=mia, now=NOW).pk)
    admins = make_invite("other@example.org", Role.ADMIN, by=ada, now=NOW)
    with pytest.raises(Invalid):
        join(f"{admins.pk}:{mine.rpartition(':')[2]}")
    assert Invite.objects.filter(accepted_at=None).count() == 2


def test_an_address_has_one_open_invitation(ada: User, mia: User, as_user: Somebody) -> None:
    body = {"email": "New@Example.org", "role": "MEMBER"}
    first = as_user(mia).post("/api/invites/", body).json()
    for person in (mia, ada):
        assert as_user(person).post("/api/invites/", body | {"email": " NEW@example.org"}).status_code == 409
    assert Notification.objects.filter(kind="invite").count() == 1
    assert as_user(mia).delete(f"/api/invites/{first['id']}/").status_code == 204
    assert as_user(mia).post("/api/invites/", body).status_code == 201


def test_one_that_has_expired_makes_room_for_another(mia: User) -> None:
    make_invite(NEW, Role.MEMBER, by=mia, now=NOW)
    with pytest.raises(Conflict):
        make_invite(NEW, Role.MEMBER, by=mia, now=NOW + INVITE_LIFETIME - timedelta(seconds=1))
    assert make_invite(NEW, Role.MEMBER, by=mia, now=NOW + INVITE_LIFETIME)


def test_withdrawing_and_inviting_again_mails_an_address_three_times_a_day(ada: User, mia: User) -> None:
    for number in range(3):
        withdraw_invite(invite(NEW, Role.MEMBER, by=(ada, mia)[number % 2], now=NOW).pk, by=ada, now=NOW)
    with pytest.raises(TooMany):
        invite(NEW, Role.MEMBER, by=mia, now=NOW + timedelta(hours=23))
    assert Notification.objects.filter(kind="invite").count() == 3
    assert not Invite.objects.exists()
    assert invite(NEW, Role.MEMBER, by=mia, now=NOW + timedelta(days=1))


def test_one_person_invites_a_hundred_in_an_hour(ada: User) -> None:
    for number in range(100):
        invite(f"new{number}@example.org", Role.MEMBER, by=ada, now=NOW)
    with pytest.raises(TooMany):
        invite(NEW, Role.MEMBER, by=ada, now=NOW)
    assert Notification.objects.filter(kind="invite").count() == 100


def test_an_invitation_shows_only_the_name_of_its_sender_in_quotes(mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(first_name="Your account is suspended, visit http://evil.example/ now")
    mia.refresh_from_db()
    invite(NEW, Role.MEMBER, by=mia, now=NOW)
    letter = compose(Notification.objects.get(kind="invite").deliveries.get(), now=NOW)
    shown = '"Your account is suspended, visit http:\u200a/…"'
    assert letter.subject == f"{shown} invites you to Taskbell".replace("\u200a", " ")
    assert letter.text.startswith(f"Hi,\n\n{shown} invites you to Taskbell as member.")
    assert "evil" not in letter.text + letter.html


def test_whoever_has_an_account_is_not_invited_and_only_admins_learn_it(
    ada: User, mia: User, bo: User, as_user: Somebody
) -> None:
    assert as_user(ada).post("/api/invites/", {"email": "BO@example.org"}).status_code == 409
    assert not Notification.objects.exists()
    answers = [as_user(mia).post("/api/invites/", {"email": email}) for email in ("BO@example.org", NEW)]
    assert [answer.status_code for answer in answers] == [201] * 2
    assert answers[0].json().keys() == answers[1].json().keys()
    mails = Notification.objects.order_by("id").values_list("kind", "address")
    assert list(mails) == [("account_exists", "bo@example.org"), ("invite", NEW)]
    assert {row["email"] for row in as_user(mia).get("/api/invites/").json()} == {"bo@example.org", NEW}


def test_a_link_that_was_withdrawn_opens_nothing(mia: User, as_user: Somebody) -> None:
    sent = make_invite(NEW, Role.MEMBER, by=mia, now=NOW)
    assert as_user(mia).delete(f"/api/invites/{sent.pk}/").status_code == 204
    with pytest.raises(Invalid):
        join(token_of(sent.pk))


def demoted(mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(role=Role.MEMBER)


def deactivated(mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(is_active=False)


@pytest.mark.parametrize("happening", [demoted, deactivated])
def test_it_counts_only_while_whoever_sent_it_may_still_invite(
    ada: User, mia: User, as_user: Somebody, anonymous: Program, happening: Callable[[User], None]
) -> None:
    token = token_of(make_invite(NEW, Role.MEMBER, by=mia, now=utc_now()).pk)
    happening(mia)
    assert as_user(ada).get("/api/invites/").json() == []
    body = {"email": NEW, "password": PASSWORD, "invite": token}
    assert [error["field"] for error in anonymous.post("/api/register/", body).json()["errors"]] == ["invite"]
    assert anonymous.http.get(f"/invite/{token}/").status_code == 404
    assert not User.objects.filter(email=NEW).exists()
    User.objects.filter(pk=mia.pk).update(role=Role.MANAGER, is_active=True)
    assert join(token, now=utc_now()).role == Role.MEMBER


def test_an_admin_who_is_a_manager_now_lets_in_members_but_no_admins(ada: User) -> None:
    admin, member = (make_invite(f"{role}@example.org", role, by=ada, now=NOW) for role in (Role.ADMIN, Role.MEMBER))
    User.objects.filter(pk=ada.pk).update(role=Role.MANAGER)
    with pytest.raises(Invalid):
        join(token_of(admin.pk), email=admin.email)
    assert join(token_of(member.pk), email=member.email).role == Role.MEMBER


def test_one_that_has_expired_is_not_listed_and_can_be_withdrawn(mia: User, as_user: Somebody) -> None:
    old = make_invite(NEW, Role.MEMBER, by=mia, now=utc_now() - INVITE_LIFETIME)
    fresh = make_invite("other@example.org", Role.MEMBER, by=mia, now=utc_now())
    assert [row["id"] for row in as_user(mia).get("/api/invites/").json()] == [fresh.pk]
    assert as_user(mia).delete(f"/api/invites/{old.pk}/").status_code == 204
    assert list(Invite.objects.all()) == [fresh]


def test_managers_see_and_withdraw_their_own_and_admins_all(ada: User, mia: User, as_user: Somebody) -> None:
    admins = make_invite(NEW, Role.ADMIN, by=ada, now=utc_now())
    managers = make_invite("other@example.org", Role.MEMBER, by=mia, now=utc_now())
    assert [row["id"] for row in as_user(mia).get("/api/invites/").json()] == [managers.pk]
    assert [row["id"] for row in as_user(ada).get("/api/invites/").json()] == [managers.pk, admins.pk]
    assert as_user(mia).delete(f"/api/invites/{admins.pk}/").status_code == 404
    assert as_user(ada).delete(f"/api/invites/{managers.pk}/").status_code == 204


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_it_at_once_one_gets_in(request: pytest.FixtureRequest) -> None:
    ada, together = request.getfixturevalue("ada"), Barrier(8)
    token = token_of(make_invite(NEW, Role.MANAGER, by=ada, now=NOW).pk)

    def try_(number: int) -> bool:
        together.wait()
        try:
            join(token, username=f"new{number}")
        except Refusal:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(try_, range(8))).count(True) == 1
    assert list(User.objects.exclude(pk=ada.pk).values_list("role", flat=True)) == [Role.MANAGER]
