"""There is always somebody left to look after people."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.common.errors import Conflict, NotAllowed
from taskbell.people.editing import update_person
from taskbell.people.leaving import leave
from taskbell.people.roles import change_role
from tests.conftest import NOW, Program, make_person

Somebody = Callable[[User], Program]


def admins() -> set[User]:
    return set(User.objects.filter(role=Role.ADMIN, is_active=True))


@pytest.mark.parametrize("role", [Role.MANAGER, Role.MEMBER, Role.INTERN])
def test_the_last_admin_stays_admin(ada: User, mia: User, as_user: Somebody, role: Role) -> None:
    answer = as_user(ada).patch(f"/api/users/{ada.pk}/", {"role": role, "first_name": "Anew"})
    assert answer.status_code == 409
    assert admins() == {ada}
    assert User.objects.get(pk=ada.pk).first_name == "Ada"


def test_the_last_admin_does_not_leave(ada: User, mia: User, as_user: Somebody) -> None:
    program = as_user(ada)
    assert program.delete(f"/api/users/{ada.pk}/").status_code == 409
    assert program.get("/api/profile/").status_code == 200


def test_an_admin_who_has_left_does_not_count(ada: User, as_user: Somebody) -> None:
    old = make_person("old", Role.ADMIN)
    leave(old, by=ada, now=NOW)
    assert as_user(ada).delete(f"/api/users/{ada.pk}/").status_code == 409


def test_with_a_second_admin_the_first_may_go(ada: User, mia: User, as_user: Somebody) -> None:
    program = as_user(ada)
    assert program.patch(f"/api/users/{mia.pk}/", {"role": "ADMIN"}).json()["role"] == "ADMIN"
    assert program.patch(f"/api/users/{ada.pk}/", {"role": "MEMBER"}).json()["role"] == "MEMBER"
    assert admins() == {mia}
    assert program.get(f"/api/users/{mia.pk}/").status_code == 403


def test_a_new_role_counts_at_the_next_request(ada: User, bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    assert program.post("/api/tasks/", {"title": "x"}).status_code == 201
    as_user(ada).patch(f"/api/users/{bo.pk}/", {"role": "INTERN"})
    assert program.post("/api/tasks/", {"title": "x"}).status_code == 403


def test_nobody_lifts_themselves(mia: User, bo: User, ivo: User) -> None:
    for person in (mia, bo, ivo):
        with pytest.raises(NotAllowed):
            update_person(person, {"role": Role.ADMIN, "first_name": "King"}, by=person, now=NOW)
    assert admins() == set()
    assert not User.objects.filter(first_name="King").exists()


def demote(person: User, by: User) -> None:
    change_role(person, Role.MEMBER, by=by, now=NOW)


def send_away(person: User, by: User) -> None:
    leave(person, by=by, now=NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", [demote, send_away])
@pytest.mark.parametrize("second", [demote, send_away])
def test_admins_who_get_rid_of_each_other_at_once_leave_one(
    request: pytest.FixtureRequest, first: Callable[..., None], second: Callable[..., None]
) -> None:
    ada = request.getfixturevalue("ada")
    for _ in range(3):
        eve = make_person(f"eve{User.objects.count()}", Role.ADMIN)
        User.objects.filter(pk=ada.pk).update(role=Role.ADMIN, is_active=True)
        together = Barrier(2)

        def rid(deed: Callable[..., None], person: User, by: User, together: Barrier = together) -> bool:
            person, by = User.objects.get(pk=person.pk), User.objects.get(pk=by.pk)
            together.wait()
            try:
                deed(person, by=by)
            except Conflict:
                return False
            finally:
                connections.close_all()
            return True

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(rid, (first, second), (eve, ada), (ada, eve)))
        assert sorted(done) == [False, True]
        assert len(admins()) == 1
        User.objects.filter(pk=eve.pk).update(role=Role.MEMBER)
