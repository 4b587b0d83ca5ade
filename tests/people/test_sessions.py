"""Refreshing tokens: one successor each, and a reused token ends the session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts import tokens
from taskbell.accounts.models import Session, User
from taskbell.accounts.queries import _note_first_use, session_of_token
from taskbell.common.errors import NotSignedIn
from taskbell.notifications.models import Notification
from taskbell.people.sessions import RefreshReused, renew_session
from tests.accounts.test_sessions import LATER, pair_of
from tests.conftest import NOW


def test_refreshing_gives_a_new_pair_and_both_tabs_get_the_same_one(bo: User) -> None:
    first = pair_of(bo)
    second = renew_session(first.refresh, now=LATER)
    twin = renew_session(first.refresh, now=LATER + timedelta(seconds=9))
    assert second == twin
    assert second.refresh != first.refresh


def test_a_refresh_token_used_again_later_ends_the_session_and_bo_is_told_once(bo: User) -> None:
    first = pair_of(bo)
    second = renew_session(first.refresh, now=LATER)
    for _ in range(2):
        with pytest.raises(NotSignedIn):
            renew_session(first.refresh, now=LATER + timedelta(seconds=61))
    with pytest.raises(NotSignedIn):
        session_of_token(second.access, now=LATER)
    with pytest.raises(NotSignedIn):
        renew_session(second.refresh, now=LATER + timedelta(seconds=62))
    assert [told.kind for told in Notification.objects.filter(recipient=bo)] == ["session_ended"]


def test_a_token_older_than_the_previous_one_is_reuse_even_within_ten_seconds(bo: User) -> None:
    first = pair_of(bo)
    second = renew_session(first.refresh, now=LATER)
    renew_session(second.refresh, now=LATER + timedelta(seconds=1))
    with pytest.raises(RefreshReused):
        renew_session(first.refresh, now=LATER + timedelta(seconds=2))


def after(seconds: int) -> datetime:
    return LATER + timedelta(seconds=seconds)


def is_over(pair: tokens.TokenPair, bo: User) -> bool:
    """True if nobody can go on with the session, and Bo knows of it."""
    for go_on in (session_of_token, lambda _, now: renew_session(pair.refresh, now=now)):
        with pytest.raises(NotSignedIn):
            go_on(pair.access, now=after(30))
    return Notification.objects.filter(recipient=bo, kind="session_ended").count() == 1


def test_who_lost_the_answer_gets_it_again_for_a_minute(bo: User) -> None:
    first = pair_of(bo)
    second = renew_session(first.refresh, now=LATER)
    assert session_of_token(first.access, now=after(1)), "the pair before is no use of the new one"
    assert renew_session(first.refresh, now=after(30)) == renew_session(first.refresh, now=after(60)) == second
    assert session_of_token(second.access, now=after(61)).user == bo
    assert renew_session(second.refresh, now=after(62)) != second
    assert not Notification.objects.exists()


def test_once_the_answer_was_used_only_a_second_tab_gets_it(bo: User) -> None:
    first = pair_of(bo)
    second = renew_session(first.refresh, now=LATER)
    session_of_token(second.access, now=after(1))
    assert renew_session(first.refresh, now=after(9)) == second
    with pytest.raises(RefreshReused):
        renew_session(first.refresh, now=after(11))
    assert is_over(second, bo)


def test_who_takes_the_answer_that_bo_lost_is_found_out_when_bo_tries_again(bo: User) -> None:
    lost = renew_session((first := pair_of(bo)).refresh, now=LATER)
    stolen = renew_session(first.refresh, now=after(20))
    assert stolen == lost, "there are never two successors"
    session_of_token(stolen.access, now=after(21))
    with pytest.raises(RefreshReused):
        renew_session(first.refresh, now=after(25))
    assert is_over(stolen, bo)


def test_of_two_who_have_the_same_answer_the_second_to_go_on_ends_the_session(bo: User) -> None:
    first = pair_of(bo)
    of_bo, of_the_thief = (renew_session(first.refresh, now=after(seconds)) for seconds in (0, 20))
    third = renew_session(of_bo.refresh, now=after(22))
    session_of_token(third.access, now=after(22))
    with pytest.raises(RefreshReused):
        renew_session(of_the_thief.refresh, now=after(40))
    assert is_over(third, bo)


def test_the_first_use_costs_one_query_and_each_further_one_none(bo: User, query_budget: Any) -> None:
    pair = pair_of(bo)
    with query_budget(1):
        session_of_token(pair.access, now=NOW)
    pair = renew_session(pair.refresh, now=LATER)
    with query_budget(2):
        session_of_token(pair.access, now=LATER)
    with query_budget(1):
        session_of_token(pair.access, now=LATER)


def test_a_use_of_the_pair_before_notes_nothing_about_the_one_after(bo: User) -> None:
    """Its request found the session just before the refresh, and notes its use just after."""
    first = renew_session(pair_of(bo).refresh, now=NOW)
    found = Session.objects.get()
    renew_session(first.refresh, now=LATER)
    _note_first_use(found)
    assert Session.objects.get().is_pair_unused


@pytest.mark.parametrize("seconds", [0, 30])
@pytest.mark.django_db(transaction=True)
def test_twenty_refreshes_at_once_have_one_successor(request: pytest.FixtureRequest, seconds: int) -> None:
    bo = request.getfixturevalue("bo")
    first = pair_of(bo)
    if seconds:
        renew_session(first.refresh, now=LATER)  # the answer is lost
    together = Barrier(20)

    def refresh(_: int) -> tokens.TokenPair:
        together.wait()
        try:
            return renew_session(first.refresh, now=after(seconds))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        pairs = set(pool.map(refresh, range(20)))
    assert len(pairs) == 1
    assert tokens.pair_for(Session.objects.get()) == pairs.pop()
