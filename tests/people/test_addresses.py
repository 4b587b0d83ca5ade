"""A new email address takes effect once its link is used, and nobody takes over an account by one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.actions import Client, open_session, sign_in
from taskbell.accounts.addresses import CONFIRM_LIFETIME, pending_email, token_of
from taskbell.accounts.models import UNDO_LIFETIME, AddressChange, Installation, Session, User
from taskbell.common.clock import utc_now
from taskbell.common.errors import Conflict, Invalid, NotSignedIn, TooMany
from taskbell.common.quoting import without_links
from taskbell.notifications.channels.mail.rendering import compose, recipient_address
from taskbell.notifications.models import Delivery, Notification
from taskbell.people.addresses import confirm_address, resend_confirmation, undo_change
from taskbell.people.editing import update_person
from taskbell.people.passwords import reset_password
from taskbell.people.registration import Registration, register
from tests.api.test_passwords import codes_of
from tests.conftest import NOW, PASSWORD, Program

Somebody = Callable[[User], Program]
NEW = "robert@example.org"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def saved(person: User) -> User:
    return User.objects.get(pk=person.pk)


def ask(person: User, email: str, *, now: datetime = NOW) -> AddressChange:
    """The person asks for a new address, knowing the password."""
    person = saved(person)
    update_person(person, {"email": email, "current_password": PASSWORD}, by=person, now=now)
    return AddressChange.objects.filter(user=person).latest("pk")


def confirm(change: AddressChange, *, now: datetime = NOW) -> User:
    return confirm_address(token_of(change.pk, "confirm"), now=now)


def undo(change: AddressChange, *, now: datetime = NOW) -> User:
    return undo_change(token_of(change.pk, "undo"), now=now)


def mails() -> list[tuple[str, str]]:
    """Who gets which kind, in order."""
    rows = Notification.objects.select_related("recipient").order_by("pk")
    return [(recipient_address(row), row.kind) for row in rows]


DOORS: dict[str, Callable[[Program, User, dict[str, Any]], Any]] = {
    "patch profile": lambda program, _, body: program.patch("/api/profile/", body),
    "put profile": lambda program, _, body: program.put("/api/profile/", body),
    "patch users": lambda program, bo, body: program.patch(f"/api/users/{bo.pk}/", body),
    "put users": lambda program, bo, body: program.put(f"/api/users/{bo.pk}", {"email": bo.email} | body),
}


@pytest.mark.parametrize("proof", [{}, {"current_password": "wrong"}, {"current_password": "wrong", "first_name": "B"}])
@pytest.mark.parametrize("door", DOORS)
def test_a_token_alone_changes_no_address(bo: User, as_user: Somebody, door: str, proof: dict[str, str]) -> None:
    before = list(User.objects.values())
    answer = DOORS[door](as_user(bo), bo, {"email": NEW, **proof})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["current_password"]
    assert list(User.objects.values()) == before
    assert mails() == []


@pytest.mark.parametrize("door", [name for name in DOORS if "users" in name])
@pytest.mark.parametrize("proof", [{}, {"current_password": "wrong"}])
def test_a_token_alone_changes_no_password(bo: User, as_user: Somebody, door: str, proof: dict[str, str]) -> None:
    answer = DOORS[door](as_user(bo), bo, {"password": "mine from now on", **proof})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["current_password"]
    assert saved(bo).check_password(PASSWORD)


@pytest.mark.parametrize("door", DOORS)
def test_what_is_sent_back_unchanged_needs_no_password(bo: User, as_user: Somebody, door: str) -> None:
    assert DOORS[door](as_user(bo), bo, {"email": "BO@example.org", "first_name": "Bob"}).status_code == 200
    assert (saved(bo).first_name, saved(bo).email) == ("Bob", "bo@example.org")
    assert mails() == []


def test_the_current_password_sent_as_password_is_no_change_and_proof(bo: User, as_user: Somebody) -> None:
    """As the older contract documents its PUT, with every field."""
    program = as_user(bo)
    body = {"username": "bo", "email": "bo@example.org", "password": PASSWORD, "first_name": "Bob"}
    assert program.put(f"/api/users/{bo.pk}", body).status_code == 200
    assert program.get("/api/profile/").status_code == 200, "no session has ended"
    assert mails() == []
    assert program.put(f"/api/users/{bo.pk}", body | {"email": NEW}).status_code == 200
    assert program.get("/api/profile/").json()["pending_email"] == NEW


@pytest.mark.parametrize(
    "guess",
    [{"email": NEW, "current_password": "guess"}, {"password": "a guess of it"}, {"old": "guess"}],
    ids=["address", "password", "change"],
)
def test_guesses_are_counted_by_account_whatever_the_door(bo: User, as_user: Somebody, guess: dict[str, str]) -> None:
    program = as_user(bo)
    for _ in range(10):
        if "old" in guess:
            body = {"old_password": "guess", "new_password": "a longer staple"}
            assert program.post("/api/password/change/", body).status_code == 400
        else:
            assert program.patch(f"/api/users/{bo.pk}/", guess).status_code == 400
    refused = as_user(bo).patch("/api/profile/", {"email": NEW, "current_password": PASSWORD})
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    assert sign_in("bo", PASSWORD, client=Client(), now=utc_now()).user == bo, "who has a token can't lock Bo out"


def test_the_new_address_counts_once_its_link_was_used(bo: User) -> None:
    change = ask(bo, "Robert@Example.org")
    assert (saved(bo).email, pending_email(bo, now=NOW)) == ("bo@example.org", NEW)
    assert mails() == [(NEW, "confirm_email"), ("bo@example.org", "email_changed")]
    confirm(change)
    assert (saved(bo).email, saved(bo).email_confirmed, pending_email(saved(bo), now=NOW)) == (NEW, True, None)
    assert mails()[2:] == [("bo@example.org", "email_changed")]


def test_the_link_works_once_and_ends(bo: User) -> None:
    change = ask(bo, NEW)
    for token in ("x", "", token_of(change.pk, "undo"), token_of(change.pk + 1, "confirm")):
        with pytest.raises(Invalid):
            confirm_address(token, now=NOW)
    with pytest.raises(Invalid):
        confirm(change, now=NOW + CONFIRM_LIFETIME)
    confirm(change, now=NOW + CONFIRM_LIFETIME - SECOND)
    with pytest.raises(Invalid):
        confirm(change, now=NOW + CONFIRM_LIFETIME - SECOND)


def test_of_several_only_the_latest_can_be_confirmed(bo: User) -> None:
    first, second = ask(bo, NEW), ask(bo, "bob@example.org")
    with pytest.raises(Invalid):
        confirm(first)
    assert confirm(second).email == "bob@example.org"


def test_the_present_address_and_password_withdraw_a_change(bo: User, as_user: Somebody) -> None:
    change, program = ask(bo, NEW, now=utc_now()), as_user(bo)
    for proof, pending in (({}, NEW), ({"current_password": PASSWORD}, None)):
        answer = program.patch("/api/profile/", {"email": "bo@example.org"} | proof)
        assert (answer.status_code, answer.json()["pending_email"]) == (200, pending)
    with pytest.raises(Invalid):
        confirm(change, now=utc_now())
    undo(change, now=utc_now())  # whoever knew the password is out nevertheless
    assert (saved(bo).email, saved(bo).has_usable_password()) == ("bo@example.org", False)


def test_a_newcomer_who_mistyped_a_new_address_confirms_the_first(ada: User) -> None:
    ask(person := newcomer(), NEW)
    ask(person, person.email)
    assert mails()[-1] == ("new@example.org", "confirm_email")
    assert confirm(AddressChange.objects.latest("pk")).email_confirmed


def test_an_address_that_was_taken_meanwhile_is_refused(bo: User, cy: User) -> None:
    change = ask(bo, NEW)
    User.objects.filter(pk=cy.pk).update(email=NEW)
    with pytest.raises(Conflict):
        confirm(change)
    assert saved(bo).email == "bo@example.org"


def test_the_old_address_undoes_it_for_a_week_and_whoever_knew_the_password_is_out(bo: User) -> None:
    open_session(bo, client=Client(), now=NOW)
    change = ask(bo, NEW)
    confirm(change, now=NOW + DAY)
    undo(change, now=NOW + DAY + UNDO_LIFETIME - SECOND)
    assert saved(bo).email == "bo@example.org"
    assert not Session.objects.filter(ended_at=None).exists()
    with pytest.raises(NotSignedIn):
        sign_in("bo", PASSWORD, client=Client(), now=NOW + DAY)
    assert mails()[-1] == ("bo@example.org", "password_reset")
    with pytest.raises(Invalid):
        undo(change, now=NOW + 2 * DAY)


def test_after_a_week_nothing_is_undone(bo: User) -> None:
    change = ask(bo, NEW)
    confirm(change, now=NOW + DAY)
    with pytest.raises(Invalid):
        undo(change, now=NOW + DAY + UNDO_LIFETIME)
    assert saved(bo).email == NEW


def test_a_change_that_is_not_confirmed_yet_is_undone_as_well(bo: User) -> None:
    first = ask(bo, NEW)
    second = ask(bo, "bob@example.org")
    undo(first)
    with pytest.raises(Invalid):
        confirm(second)
    assert (saved(bo).email, pending_email(saved(bo), now=NOW)) == ("bo@example.org", None)
    assert not saved(bo).has_usable_password()


def test_a_thief_who_has_confirmed_two_addresses_gets_nothing_back_by_undoing(bo: User) -> None:
    first = ask(bo, "thief@example.org")
    confirm(first)
    second = ask(bo, "thief2@example.org")
    confirm(second)
    undo(first)
    with pytest.raises(Invalid):
        undo(second)
    assert saved(bo).email == "bo@example.org"


@pytest.mark.parametrize("days", [1, 6.5])
def test_the_link_that_the_thief_got_leads_back_to_bo_too(bo: User, days: float) -> None:
    """Bo takes the account back by a change of his own; the mail to the thief's address has a link as well."""
    confirm(ask(bo, "thief@example.org"))
    later = NOW + timedelta(days=days)
    confirm(back := ask(bo, "bo@example.org", now=later), now=later)
    undo(back, now=later + UNDO_LIFETIME - SECOND)
    assert saved(bo).email == "bo@example.org"


def test_the_address_that_can_come_back_is_nobody_elses_meanwhile(bo: User, cy: User, as_user: Somebody) -> None:
    change = ask(bo, NEW, now=utc_now())
    confirm(change, now=utc_now())
    form = {"email": "bo@example.org", "password": PASSWORD}
    Program().post("/api/register/", form | {"username": "thief"})
    taken = as_user(cy).patch("/api/profile/", {"email": "bo@example.org", "current_password": PASSWORD})
    assert taken.json()["pending_email"] == "bo@example.org"
    assert ("bo@example.org", "confirm_email") not in mails()
    with pytest.raises(Conflict):
        confirm(AddressChange.objects.get(user=cy), now=utc_now())
    assert not User.objects.filter(email="bo@example.org").exists()
    undo(change, now=utc_now())
    assert saved(bo).email == "bo@example.org"


def test_an_admin_sets_an_address_at_once_and_both_addresses_get_mail(ada: User, bo: User) -> None:
    change = ask(bo, NEW)
    confirm(change)
    Notification.objects.all().delete()
    update_person(saved(bo), {"email": "bo@company.example"}, by=ada, now=NOW)
    assert (saved(bo).email, saved(bo).email_confirmed) == ("bo@company.example", False)
    assert mails() == [(NEW, "account_changed"), ("bo@company.example", "confirm_email")]
    with pytest.raises(Invalid):
        undo(change)
    confirm(AddressChange.objects.latest("pk"))
    assert saved(bo).email_confirmed


def test_the_link_is_sent_again_a_few_times_an_hour(bo: User) -> None:
    with pytest.raises(Conflict):
        resend_confirmation(bo, now=NOW)
    ask(bo, NEW)
    for _ in range(4):
        resend_confirmation(bo, now=NOW)
    with pytest.raises(TooMany):
        resend_confirmation(bo, now=NOW)
    with pytest.raises(TooMany):
        ask(bo, "bob@example.org")
    assert mails().count((NEW, "confirm_email")) == 1, "at one instant, the same mail"


def test_an_address_gets_few_of_these_mails_whoever_asks(bo: User, cy: User) -> None:
    for person in (bo, cy):
        for minute in range(2):
            ask(person, "victim@example.org", now=NOW + timedelta(minutes=minute))
    ask(bo, "victim@example.org", now=NOW + timedelta(minutes=2))
    with pytest.raises(TooMany):
        ask(cy, "victim@example.org", now=NOW + timedelta(minutes=3))


def test_the_mails_say_what_happens_and_have_the_link(bo: User) -> None:
    change = ask(bo, NEW)
    letters = [compose(mail, now=NOW).text for mail in Delivery.objects.order_by("pk")]
    assert f"/email/confirm/{token_of(change.pk, 'confirm')}/" in letters[0]
    assert f'asked to change the email address of your Taskbell account ("bo") to {without_links(NEW)}.' in letters[1]
    assert f"/email/undo/{token_of(change.pk, 'undo')}/" in letters[1]
    assert "/email/confirm/" not in letters[1]


def newcomer(**form: str) -> User:
    form = {"email": "new@example.org", "username": "new", "password": PASSWORD} | form
    return register(Registration(**form), client=Client(), now=NOW)


def test_an_unconfirmed_address_has_no_say_in_a_change(ada: User) -> None:
    """It may be a stranger's: the person has mistyped their own."""
    change = ask(newcomer(), NEW)
    assert [kind for to, kind in mails() if to == "new@example.org"] == ["confirm_email"]
    confirm(change)
    with pytest.raises(Invalid):
        undo(change)


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_new_password_ends_the_link_that_somebody_with_the_old_one_asked_for(bo: User, is_confirmed: bool) -> None:
    User.objects.filter(pk=bo.pk).update(email_confirmed=is_confirmed)
    change = ask(bo, "eve@example.org")
    codes = codes_of(saved(bo))
    reset_password(codes["uid"], codes["token"], "a longer staple", now=NOW + SECOND)
    with pytest.raises(Invalid):
        confirm(change, now=NOW + 2 * SECOND)
    assert (saved(bo).email, saved(bo).email_confirmed) == ("bo@example.org", True)


def test_the_owner_of_an_address_takes_the_account_that_a_stranger_made_with_it(db: None, anonymous: Program) -> None:
    Installation.claim(NOW)
    form = {"email": "bo@example.org", "password": "a password of a stranger"}
    assert anonymous.post("/api/register/", form).status_code == 201
    stranger = Program(anonymous.post("/api/token/", form).json()["access"])
    evil = {"email": "eve@example.org", "current_password": form["password"]}
    assert stranger.patch("/api/profile/", evil).status_code == 200
    change = AddressChange.objects.latest("pk")
    assert anonymous.post("/api/register/", form | {"password": PASSWORD}).status_code == 201
    assert mails()[-1] == ("bo@example.org", "account_exists")
    assert anonymous.post("/api/password/reset/", {"email": "bo@example.org"}).status_code == 204
    body = codes_of(User.objects.get()) | {"new_password": PASSWORD}
    assert anonymous.post("/api/password/reset/confirm/", body).status_code == 204
    assert stranger.get("/api/profile/").status_code == 401
    with pytest.raises(Invalid):
        confirm(change, now=utc_now())
    bo = {"email": "bo@example.org", "password": PASSWORD}
    assert anonymous.post("/api/token/", bo).status_code == 200
    assert User.objects.get().email_confirmed
