"""A password is the same however a keyboard composes its letters (RFC 8265, OpaqueString)."""

import unicodedata
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command

from taskbell.accounts.models import User
from tests.api.test_passwords import codes_of
from tests.conftest import PASSWORD, Program
from tests.web.conftest import Browser

COMPOSED = unicodedata.normalize("NFC", "blåbærgrød é")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED).replace(" ", "\u00a0")
FORMS = [COMPOSED, DECOMPOSED]
SHORT = "é" * 7  # fourteen characters when decomposed


def can_sign_in(password: str) -> bool:
    """The same answer from the API and from the page."""
    body = {"username": "bo", "password": password}
    programs = Program().post("/api/token/", body).status_code == 200
    assert (Browser().sign_in("bo", password).status_code == 302) is programs
    return programs


def set_by_registration(password: str) -> int:
    body = {"username": "bo", "email": "bo@example.org", "password": password}
    return Program().post("/api/register/", body).status_code


def set_by_reset(password: str) -> int:
    body = codes_of(User.objects.get(username="bo")) | {"new_password": password}
    return Program().post("/api/password/reset/confirm/", body).status_code


def set_by_change(password: str) -> int:
    program = Program(Program().post("/api/token/", {"username": "bo", "password": PASSWORD}).json()["access"])
    return program.post("/api/password/change/", {"old_password": PASSWORD, "new_password": password}).status_code


def set_by_profile(password: str) -> int:
    program = Program(Program().post("/api/token/", {"username": "bo", "password": PASSWORD}).json()["access"])
    body = {"password": password, "current_password": PASSWORD}
    return program.patch(f"/api/users/{User.objects.get(username='bo').pk}/", body).status_code


def set_by_page(password: str) -> int:
    browser = Browser()
    browser.sign_in("bo")
    return int(browser.post("/password/change/", {"old_password": PASSWORD, "new_password": password}).status_code)


def set_by_admin(password: str) -> int:
    browser = Browser()
    browser.sign_in("ada")
    path = f"/admin/accounts/user/{User.objects.get(username='bo').pk}/password/"
    body = {"password1": password, "password2": password, "usable_password": "true"}
    return 302 if browser.post(path, body).status_code == 302 else 400


@pytest.mark.parametrize("set_by", [set_by_reset, set_by_change, set_by_profile, set_by_page, set_by_admin])
@pytest.mark.parametrize("typed", FORMS)
def test_bo_signs_in_however_it_was_set_and_typed(ada: User, bo: User, set_by: Any, typed: str) -> None:
    assert set_by(typed) < 400
    assert [can_sign_in(form) for form in FORMS] == [True, True]
    assert not can_sign_in(COMPOSED.upper())


@pytest.mark.parametrize("typed", FORMS)
def test_also_one_that_he_registered_with(ada: User, typed: str) -> None:
    assert set_by_registration(typed) == 201
    assert [can_sign_in(form) for form in FORMS] == [True, True]


@pytest.mark.parametrize("set_by", [set_by_reset, set_by_change, set_by_profile, set_by_page, set_by_admin])
def test_its_length_is_that_of_its_letters(ada: User, bo: User, set_by: Any) -> None:
    assert set_by(unicodedata.normalize("NFD", SHORT)) == 400
    assert set_by(unicodedata.normalize("NFD", SHORT + "é")) < 400


def test_the_command_counts_letters_too(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: unicodedata.normalize("NFD", SHORT))
    with pytest.raises(CommandError, match="Aborting password change"):
        call_command("changepassword", "ada")
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: DECOMPOSED)
    call_command("changepassword", "ada")
    ada.refresh_from_db()
    assert ada.check_password(COMPOSED)


def test_a_thousand_letters_may_be_typed_decomposed(bo: User) -> None:
    longest = "é" * 1024
    assert set_by_change(unicodedata.normalize("NFD", longest)) == 200
    assert can_sign_in(longest)
    assert Program().post("/api/token/", {"username": "bo", "password": "é" * 1025}).status_code == 400


@pytest.mark.parametrize("hashed", [*FORMS, DECOMPOSED.replace("\u00a0", " ")])
def test_a_hash_from_before_still_works_and_is_replaced(bo: User, hashed: str) -> None:
    for form in (hashed, COMPOSED):
        User.objects.filter(pk=bo.pk).update(password=make_password(hashed))
        if form == COMPOSED and "\u00a0" in hashed:
            continue  # only its owner knows which spaces it had
        assert can_sign_in(form)
        assert [can_sign_in(other) for other in FORMS] == [True, True]


def test_one_that_nobody_typed_in_another_way_is_hashed_once(bo: User) -> None:
    before = User.objects.get(pk=bo.pk).password
    assert can_sign_in(PASSWORD)
    assert User.objects.get(pk=bo.pk).password == before
