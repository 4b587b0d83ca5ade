"""People learn by email what happens to their account, whoever did it and by whatever door."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from taskbell.accounts.actions import Client, open_session, sign_in
from taskbell.accounts.addresses import pending_email
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotSignedIn
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.models import Delivery
from taskbell.people.editing import update_person
from taskbell.people.passwords import change_password, reset_password
from tests.api.test_passwords import codes_of
from tests.conftest import NOW, PASSWORD, Program
from tests.web.conftest import Browser
from tests.web.test_admin import form_of

NEW = "a longer staple"
Somebody = Callable[[User], Program]


def notices() -> list[tuple[str, str]]:
    """To which address, and the first sentence."""
    rows = Delivery.objects.filter(notification__kind="account_changed").select_related("notification__recipient")
    letters = [(row.notification.address, compose(row, now=NOW).text) for row in rows.order_by("pk")]
    return [(address, text.splitlines()[2]) for address, text in letters]


OWN: dict[str, Callable[[User], Any]] = {
    "api": lambda bo: program_of(bo).post("/api/password/change/", {"old_password": PASSWORD, "new_password": NEW}),
    "users": lambda bo: program_of(bo).patch(f"/api/users/{bo.pk}/", {"password": NEW, "current_password": PASSWORD}),
    "page": lambda bo: browser_of(bo).post("/password/change/", {"old_password": PASSWORD, "new_password": NEW}),
    "reset": lambda bo: Program().post("/api/password/reset/confirm/", codes_of(bo) | {"new_password": NEW}),
}


def program_of(person: User) -> Program:
    answer = Program().post("/api/token/", {"username": person.username, "password": PASSWORD})
    return Program(answer.json()["access"])


def browser_of(person: User) -> Browser:
    browser = Browser()
    browser.sign_in(person.username)
    return browser


@pytest.mark.parametrize("door", OWN)
def test_a_new_password_is_mailed_about(bo: User, door: str) -> None:
    assert OWN[door](bo).status_code in (200, 204, 302)
    bo.refresh_from_db()
    assert bo.check_password(NEW)
    assert notices() == [("bo@example.org", "your Taskbell password was changed.")]


def in_admin(ada: User, bo: User, **changes: Any) -> None:
    path = f"/admin/accounts/user/{bo.pk}/change/"
    browser = browser_of(ada)
    assert browser.post(path, form_of(browser, path, **changes)).status_code == 302


def by_admin_password(ada: User, bo: User) -> None:
    body = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert browser_of(ada).post(f"/admin/accounts/user/{bo.pk}/password/", body).status_code == 302


def by_admin_session(ada: User, bo: User) -> None:
    sessions = [str(open_session(bo, client=Client(), now=utc_now()).pk) for _ in range(2)]
    chosen = {"action": "end", "_selected_action": sessions}
    assert browser_of(ada).post("/admin/accounts/session/", chosen).status_code == 302


def patch(**body: str) -> Callable[[User, User], Any]:
    return lambda ada, bo: program_of(ada).patch(f"/api/users/{bo.pk}/", body)


BY_ADA: dict[str, tuple[Callable[[User, User], Any], str]] = {
    "password": (patch(password=NEW), 'your Taskbell password was changed by "Ada".'),
    "address": (
        patch(email="b@example.org"),
        'your Taskbell email address was changed to b@example.\u200aorg by "Ada".',
    ),
    "role": (patch(role="MANAGER"), 'your Taskbell role was changed to Manager by "Ada".'),
    "username": (patch(username="robert"), 'your Taskbell username was changed to robert by "Ada".'),
    "leave": (
        lambda ada, bo: program_of(ada).delete(f"/api/users/{bo.pk}/"),
        'your Taskbell account was deactivated by "Ada".',
    ),
    "admin password": (by_admin_password, 'your Taskbell password was changed by "Ada".'),
    "admin role": (
        lambda ada, bo: in_admin(ada, bo, role="INTERN"),
        'your Taskbell role was changed to Intern by "Ada".',
    ),
    "admin address": (
        lambda ada, bo: in_admin(ada, bo, email="b@example.org"),
        'your Taskbell email address was changed to b@example.\u200aorg by "Ada".',
    ),
    "admin leave": (
        lambda ada, bo: in_admin(ada, bo, is_active=None),
        'your Taskbell account was deactivated by "Ada".',
    ),
    "sessions": (by_admin_session, 'you were signed out of Taskbell by "Ada".'),
}


@pytest.mark.parametrize("case", BY_ADA)
def test_bo_learns_at_his_old_address_what_ada_did(ada: User, bo: User, case: str) -> None:
    act, sentence = BY_ADA[case]
    act(ada, bo)
    assert notices() == [("bo@example.org", sentence)]


def test_ada_needs_her_own_password_for_her_own_account_in_the_admin(ada: User) -> None:
    browser, path = browser_of(ada), f"/admin/accounts/user/{ada.pk}/"
    answer = browser.post(f"{path}password/", {"password1": NEW, "password2": NEW, "usable_password": "true"})
    assert answer["Location"] == "/password/change/"
    browser.post(f"{path}change/", form_of(browser, f"{path}change/") | {"email": "thief@example.org"})
    ada.refresh_from_db()
    assert (ada.email, ada.check_password(PASSWORD)) == ("ada@example.org", True)


def test_the_notice_of_a_deactivated_account_is_sent(ada: User, bo: User, as_user: Somebody) -> None:
    as_user(bo).delete(f"/api/users/{bo.pk}/")
    assert notices() == [("bo@example.org", "your Taskbell account was deactivated.")]


def test_a_password_set_on_the_command_line_signs_out_and_is_mailed_about(
    bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session(bo, client=Client(), now=utc_now())
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: NEW)
    call_command("changepassword", "bo")
    bo.refresh_from_db()
    assert bo.check_password(NEW)
    assert not bo.sessions.filter(ended_at=None).exists()
    assert notices() == [("bo@example.org", "your Taskbell password was changed.")]


def by_command_line(_: User, bo: User) -> None:
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr("getpass.getpass", lambda *_, **__: NEW)
        call_command("changepassword", bo.username)


@pytest.mark.parametrize("set_password", [patch(password=NEW), by_admin_password, by_command_line])
def test_whoever_sets_the_password_ends_the_change_of_address_that_a_thief_has_requested(
    ada: User, bo: User, set_password: Callable[[User, User], Any]
) -> None:
    update_person(bo, {"email": "eve@example.org", "current_password": PASSWORD}, by=bo, now=utc_now())
    set_password(ada, bo)
    assert pending_email(bo, now=utc_now()) is None


def test_a_password_that_changes_during_a_sign_in_opens_nothing(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thief's sign-in has checked the old password when Bo's undo takes it away."""
    check = User.check_password

    def slow(person: User, password: str) -> bool:
        is_right = check(person, password)
        User.objects.filter(pk=person.pk).update(password="!")
        return is_right

    monkeypatch.setattr(User, "check_password", slow)
    with pytest.raises(NotSignedIn):
        sign_in("bo", PASSWORD, client=Client(), now=NOW)
    assert not bo.sessions.exists()


def test_nothing_is_changed_where_nothing_is_mailed(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the power is out")

    monkeypatch.setattr("taskbell.people.passwords.notify_owner", broken)
    codes = codes_of(bo)
    for act in (
        lambda: change_password(bo, old=PASSWORD, new=NEW, client=Client(), now=NOW),
        lambda: reset_password(codes["uid"], codes["token"], NEW, now=NOW),
    ):
        with pytest.raises(RuntimeError):
            act()
        bo.refresh_from_db()
        assert bo.check_password(PASSWORD)
