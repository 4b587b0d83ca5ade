"""Refreshing tokens: one successor each, and a reused token ends the session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections

from taskbell.accounts import tokens
from taskbell.accounts.models import Session, User
from taskbell.accounts.queries import session_of_token
from taskbell.common.errors import NotSignedIn
from taskbell.notifications.models import Notification
from taskbell.people.sessions import RefreshReused, renew_session
from tests.accounts.test_sessions import LATER, pair_of


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
            renew_session(first.refresh, now=LATER + timedelta(seconds=11))
    with pytest.raises(NotSignedIn):
        session_of_token(second.access, now=LATER)
    with pytest.raises(NotSignedIn):
        renew_session(second.refresh, now=LATER + timedelta(seconds=12))
    assert [told.kind for told in Notification.objects.filter(recipient=bo)] == ["session_ended"]


def test_a_token_older_than_the_previous_one_is_reuse_even_within_ten_seconds(bo: User) -> None:
    first = pair_of(bo)
    second = renew_session(first.refresh, now=LATER)
    renew_session(second.refresh, now=LATER + timedelta(seconds=1))
    with pytest.raises(RefreshReused):
        renew_session(first.refresh, now=LATER + timedelta(seconds=2))


@pytest.mark.django_db(transaction=True)
def test_twenty_refreshes_at_once_have_one_successor(request: pytest.FixtureRequest) -> None:
    bo = request.getfixturevalue("bo")
    first = pair_of(bo)
    together = Barrier(20)

    def refresh(_: int) -> tokens.TokenPair:
        together.wait()
        try:
            return renew_session(first.refresh, now=LATER)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        pairs = set(pool.map(refresh, range(20)))
    assert len(pairs) == 1
    assert tokens.pair_for(Session.objects.get()) == pairs.pop()
