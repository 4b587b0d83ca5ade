"""Names show what they are, through every door; a name that was accepted before stays."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from taskbell.accounts.addresses import token_of
from taskbell.accounts.models import AddressChange, User
from taskbell.common.clock import utc_now
from taskbell.common.text import folded
from taskbell.people.addresses import confirm_address
from taskbell.tasks.models import Category, Task
from tests.conftest import PASSWORD, Program
from tests.web.conftest import Browser
from tests.web.test_admin import form_of

Somebody = Callable[[User], Program]
ZOE = {"email": "zoe@example.org", "password": PASSWORD}
BAD_LINES = ["a\nb", "a\u2028b", "a\u202eb", "a\u200bb", "a\x07b"]
BAD_USERNAMES = [".", "-", "_", "..", "+-", "\u3164", "bo\u3164", "pаypal", "Адa", "bo\u202e", "b\u200bo", "bo\u034f"]


def csv(program: Program, text: str) -> Any:
    return program("POST", "/api/tasks/import/", text.encode(), content_type="text/csv")


@pytest.mark.parametrize("text", [*BAD_LINES, "\u200b", "\u3164", "\u2800"])
def test_titles_and_categories_are_lines_through_every_door(ada: User, as_user: Somebody, text: str) -> None:
    program = as_user(ada)
    task = program.post("/api/tasks/", {"title": "x"}).json()["id"]
    garden = program.post("/api/categories/", {"name": "Garden"}).json()["id"]
    quoted = f'"{text}"'
    answers = [
        program.post("/api/tasks/", {"title": text}),
        program.put(f"/api/tasks/{task}/", {"title": text}),
        program.patch(f"/api/tasks/{task}/", {"title": text}),
        program.post("/api/tasks/bulk/", {"create": [{"title": text}]}),
        program.post("/api/tasks/bulk/", {"update": [{"id": task, "title": text}]}),
        program("POST", "/api/tasks/import/", [{"title": text}]),
        csv(program, f"title\n{quoted}\n"),
        csv(program, f"title,category\nx,{quoted}\n"),
        program.post("/api/categories/", {"name": text}),
        program.put(f"/api/categories/{garden}/", {"name": text}),
        program.patch(f"/api/categories/{garden}/", {"name": text}),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert [Task.objects.get().title, Category.objects.get().name] == ["x", "Garden"]


@pytest.mark.parametrize("text", BAD_LINES)
@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_names_of_people_are_lines_through_every_door(
    ada: User, as_user: Somebody, anonymous: Program, field: str, text: str
) -> None:
    program, named = as_user(ada), {field: text}
    answers = [
        anonymous.post("/api/register/", ZOE | named),
        program.patch("/api/profile/", named),
        program.put("/api/profile/", named),
        program.patch(f"/api/users/{ada.pk}/", named),
        program.put(f"/api/users/{ada.pk}/", {"email": ada.email} | named),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert [error["field"] for answer in answers for error in answer.json()["errors"]] == [field] * len(answers)


@pytest.mark.parametrize("username", BAD_USERNAMES)
def test_a_username_that_hides_something_is_refused_by_every_door(
    ada: User, as_user: Somebody, anonymous: Program, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    program, named = as_user(ada), {"username": username}
    answers = [
        anonymous.post("/api/register/", ZOE | named),
        program.patch("/api/profile/", named),
        program.patch(f"/api/users/{ada.pk}/", named),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    with pytest.raises(CommandError, match="Must"):
        call_command("createsuperuser", interactive=False, username=username, email="zoe@example.org")
    browser = Browser()
    browser.sign_in("ada")
    path = "/admin/accounts/user/add/"
    filled = named | {"email": "zoe@example.org", "role": "MEMBER", "password1": PASSWORD, "password2": PASSWORD}
    assert "Must" in browser.post(path, filled).content.decode()
    path = f"/admin/accounts/user/{ada.pk}/change/"
    browser.post(path, form_of(browser, path, **named))
    assert list(User.objects.values_list("username", flat=True)) == ["ada"]


def test_the_admin_makes_nobody_whose_name_has_two_lines(ada: User) -> None:
    browser = Browser()
    browser.sign_in("ada")
    filled = ZOE | {"username": "zoe", "role": "MEMBER", "password1": PASSWORD, "password2": PASSWORD}
    answer = browser.post("/admin/accounts/user/add/", filled | {"first_name": "Zo\u202ee"})
    assert "U+202E" in answer.content.decode()
    assert not User.objects.filter(username="zoe").exists()


def test_the_command_makes_an_admin_who_can_sign_in(
    db: None, anonymous: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, username=" Zoe ", email="Zoe@Example.org", verbosity=0)
    assert User.objects.get().username == "Zoe"
    assert anonymous.post("/api/token/", {"email": "zoe@example.org", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("username", ["pаypal", "-", "bo\u3164"])
def test_who_had_such_a_name_before_keeps_it(bo: User, as_user: Somebody, anonymous: Program, username: str) -> None:
    User.objects.filter(pk=bo.pk).update(username=username, username_key=folded(username), first_name="Bo\nBo")
    assert anonymous.post("/api/token/", {"username": username, "password": PASSWORD}).status_code == 200
    program = as_user(bo)
    assert program.put("/api/profile/", program.get("/api/profile/").json()).status_code == 200
    where = f"/api/users/{bo.pk}/"
    assert program.put(where, program.get(where).json() | {"last_name": "Bee"}).status_code == 200
    bo.refresh_from_db()
    assert (bo.username, bo.first_name, bo.last_name) == (username, "Bo\nBo", "Bee")


def test_an_address_as_a_username_follows_a_new_address_that_is_sent_with_the_old_name(
    bo: User, as_user: Somebody
) -> None:
    User.objects.filter(pk=bo.pk).update(username=bo.email, username_key=bo.email)
    program = as_user(bo)
    sent = program.get("/api/profile/").json() | {"email": "Bo@Example.com", "current_password": PASSWORD}
    assert program.put("/api/profile/", sent).json()["pending_email"] == "bo@example.com"
    confirm_address(token_of(AddressChange.objects.get().pk, "confirm"), now=utc_now())
    bo.refresh_from_db()
    assert bo.username == "bo@example.com"
    assert (bo.username_key, bo.email) == ("bo@example.com", "bo@example.com")
