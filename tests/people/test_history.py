"""What happens to accounts is in the history: for who sees everything, and for no client."""

from collections.abc import Callable
from typing import Any

import pytest

from taskbell.accounts.actions import Client
from taskbell.accounts.invites import token_of
from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity
from taskbell.activity.queries import current_checkpoint
from taskbell.common.errors import Refusal
from taskbell.people import addresses, invitations, leaving, registration, roles
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite, make_invite, withdraw_invite
from taskbell.people.leaving import deactivate_person, reactivate_person
from taskbell.people.registration import Registration, register
from tests.conftest import NOW, PASSWORD, Program
from tests.feed.hearing import heard_by

Somebody = Callable[[User], Program]
NEW = "new@example.org"


def lines() -> list[tuple[Any, ...]]:
    """What the history says, without what it says of tasks and messages."""
    entries = Activity.objects.filter(subject_type__in=("person", "invitation")).order_by("id")
    return list(
        entries.values_list("subject_type", "subject_id", "user_id", "action", "field", "old_value", "new_value")
    )


def test_a_new_role_or_address_has_its_line(ada: User, bo: User) -> None:
    update_person(bo, {"role": Role.MANAGER, "email": "robert@example.org", "first_name": "Robert"}, by=ada, now=NOW)
    update_person(bo, {"role": Role.MANAGER, "email": "robert@example.org", "last_name": "Bo"}, by=bo, now=NOW)
    assert lines() == [
        ("person", bo.pk, ada.pk, "updated", "role", "MEMBER", "MANAGER"),
        ("person", bo.pk, ada.pk, "updated", "email", "bo@example.org", "robert@example.org"),
    ]


def test_who_goes_and_comes_back_has_a_line_each_time(ada: User, bo: User) -> None:
    deactivate_person(bo, hand_to=None, by=ada, now=NOW)
    reactivate_person(bo, by=ada, now=NOW)
    reactivate_person(bo, by=ada, now=NOW)  # who is there already
    assert lines() == [
        ("person", bo.pk, ada.pk, "deactivated", "", None, None),
        ("person", bo.pk, ada.pk, "reactivated", "", None, None),
    ]


def test_an_invitation_has_its_lines_until_it_is_accepted_or_withdrawn(ada: User, mia: User) -> None:
    first, second = (
        invite(NEW, Role.INTERN, by=mia, now=NOW),
        make_invite("cy@example.org", Role.MEMBER, by=ada, now=NOW),
    )
    withdraw_invite(second.pk, by=ada, now=NOW)
    form = Registration(email=NEW, password=PASSWORD, invite=token_of(first.pk))
    newcomer = register(form, client=Client(), now=NOW)
    assert lines() == [
        ("invitation", first.pk, mia.pk, "created", "", None, {"email": NEW, "role": "INTERN"}),
        ("invitation", second.pk, ada.pk, "created", "", None, {"email": "cy@example.org", "role": "MEMBER"}),
        ("invitation", second.pk, ada.pk, "withdrawn", "", None, None),
        ("invitation", first.pk, newcomer.pk, "accepted", "", None, {"person": newcomer.pk, "role": "INTERN"}),
    ]


def test_a_change_by_a_program_names_its_session(ada: User, bo: User, as_user: Somebody) -> None:
    assert as_user(ada).patch(f"/api/users/{bo.pk}/", {"role": "INTERN"}).status_code == 200
    entry = Activity.objects.get(subject_type="person")
    assert entry.session == ada.sessions.get().pk
    assert entry.user == ada


def test_what_is_refused_has_no_line(ada: User, mia: User, bo: User) -> None:
    for change in (
        lambda: update_person(bo, {"role": Role.ADMIN}, by=bo, now=NOW),
        lambda: update_person(bo, {"email": "mia@example.org"}, by=bo, now=NOW),
        lambda: deactivate_person(ada, hand_to=None, by=ada, now=NOW),
        lambda: make_invite(NEW, Role.ADMIN, by=mia, now=NOW),
        lambda: withdraw_invite(999, by=ada, now=NOW),
    ):
        with pytest.raises(Refusal):
            change()
    assert lines() == []


@pytest.mark.parametrize("module", [roles, addresses, leaving, invitations, registration])
def test_without_its_line_nothing_changes(ada: User, bo: User, monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    token = token_of(make_invite(NEW, Role.MEMBER, by=ada, now=NOW).pk)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the power is out")

    changes: dict[Any, Callable[[], Any]] = {
        roles: lambda: update_person(bo, {"role": Role.INTERN}, by=ada, now=NOW),
        addresses: lambda: update_person(bo, {"email": "robert@example.org"}, by=ada, now=NOW),
        leaving: lambda: deactivate_person(bo, hand_to=None, by=ada, now=NOW),
        invitations: lambda: make_invite("other@example.org", Role.MEMBER, by=ada, now=NOW),
        registration: lambda: register(
            Registration(email=NEW, password=PASSWORD, invite=token), client=Client(), now=NOW
        ),
    }
    before = [list(table.objects.order_by("pk").values()) for table in (User, Invite, Activity)]
    monkeypatch.setattr(module, "record", broken)
    with pytest.raises(RuntimeError):
        changes[module]()
    assert [list(table.objects.order_by("pk").values()) for table in (User, Invite, Activity)] == before


def test_no_client_hears_of_it(ada: User, mia: User, bo: User, cy: User, as_user: Somebody) -> None:
    programs = {person: as_user(person) for person in (ada, mia, bo, cy)}
    cursors = {}
    for person, program in programs.items():
        cursor = program.get("/api/changes/").json()["cursor"]
        cursors[person] = program.get(f"/api/changes/?since={cursor}").json()["cursor"]
    since = current_checkpoint().position
    update_person(bo, {"email": "robert@example.org"}, by=ada, now=NOW)
    update_person(cy, {"role": Role.INTERN}, by=ada, now=NOW)
    make_invite(NEW, Role.MEMBER, by=ada, now=NOW)
    assert len(lines()) == 3
    for person, program in programs.items():
        answer = program.get(f"/api/changes/?since={cursors[person]}").json()
        assert (answer["changes"], answer["more"], answer["resync"]) == ([], False, False)
        assert heard_by(person, since) == []
        assert program.get("/api/tasks/logs/").json()["results"] == []
