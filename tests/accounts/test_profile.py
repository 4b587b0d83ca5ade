"""What people change about themselves."""

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.common.errors import Conflict, Invalid
from tests.conftest import NOW


@pytest.fixture
def dee(db: None) -> User:
    return User.objects.create_person(username="dee", email="dee@example.org", password="correct horse battery")


def saved(person: User) -> User:
    return User.objects.select_related("profile").get(pk=person.pk)


def test_dee_changes_one_thing_and_the_rest_stays(dee: User) -> None:
    update_profile(dee, now=NOW, timezone="Asia/Tokyo")
    assert (saved(dee).profile.timezone, saved(dee).profile.digest_enabled, saved(dee).username) == (
        "Asia/Tokyo",
        True,
        "dee",
    )


def test_every_setting_that_does_not_fit_is_named_and_none_is_kept(dee: User) -> None:
    with pytest.raises(Invalid) as refused:
        update_profile(
            dee, now=NOW, timezone="Mars", avatar_colour="red", language="xx", shoe_size=40, first_name="Dee"
        )
    assert {error.field for error in refused.value.errors} == {"timezone", "avatar_colour", "language", "shoe_size"}
    assert saved(dee).first_name == ""


@pytest.mark.parametrize("weekday", [-1, 7])
def test_a_week_has_seven_days(dee: User, weekday: int) -> None:
    with pytest.raises(Invalid):
        update_profile(dee, now=NOW, first_weekday=weekday)
    assert update_profile(dee, now=NOW, first_weekday=6).profile.first_weekday == 6
    assert update_profile(dee, now=NOW, first_weekday=None).profile.first_weekday is None


def test_names_are_kept_without_outer_space(dee: User) -> None:
    update_profile(dee, now=NOW, first_name="  Dee ", last_name="Doe")
    assert saved(dee).name == "Dee Doe"


def test_an_address_is_kept_in_its_one_form(dee: User) -> None:
    update_profile(dee, now=NOW, email="DEE@Example.COM")
    assert saved(dee).email == "dee@example.com"


def test_somebody_named_by_their_address_is_named_by_the_new_one(db: None) -> None:
    eve = User.objects.create_person(username="Eve@example.org", email="eve@example.org", password="correct horse")
    update_profile(eve, now=NOW, email="eve@example.com")
    assert (saved(eve).username, saved(eve).username_key) == ("eve@example.com", "eve@example.com")


def test_nobody_takes_the_address_of_another_as_a_name(dee: User) -> None:
    with pytest.raises(Invalid) as refused:
        update_profile(dee, now=NOW, username="somebody@example.org")
    assert refused.value.errors[0].field == "username"


@pytest.mark.parametrize(
    ("change", "what"), [({"email": "FAY@example.org"}, "email address"), ({"username": "FAY"}, "username")]
)
def test_a_taken_name_is_a_conflict_and_changes_nothing(dee: User, change: dict[str, str], what: str) -> None:
    User.objects.create_person(username="fay", email="fay@example.org", password="correct horse battery")
    with pytest.raises(Conflict, match=what):
        update_profile(dee, now=NOW, timezone="Asia/Tokyo", **change)
    assert (saved(dee).username, saved(dee).email, saved(dee).profile.timezone) == ("dee", "dee@example.org", "UTC")
    assert dee.username == "dee"
