"""SECRET_KEY changes, and nobody has to sign in again as long as the earlier one is among the fallbacks."""

from typing import Any

import pytest
from django.core import signing

from taskbell.accounts import tokens
from taskbell.accounts.actions import Client, open_session
from taskbell.accounts.invites import token_of
from taskbell.accounts.middleware import SESSION_KEY, session_of_cookie
from taskbell.accounts.models import User
from taskbell.accounts.queries import session_of_token
from taskbell.common.errors import NotSignedIn
from taskbell.notifications.links import LinkAction, link_for, read_link
from tests.conftest import NOW

OLDEST, OLD, NEW = ("first " * 10, "second " * 10, "third " * 10)


def test_a_token_signed_by_a_former_key_is_good_while_that_key_is_a_fallback(bo: User, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLDEST, []
    session = open_session(bo, client=Client(), now=NOW)
    pair = tokens.pair_for(session)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD, OLDEST]
    assert session_of_token(pair.access, now=NOW).pk == session.pk
    assert tokens.read(pair.refresh, "refresh", now=NOW).session_id == session.pk
    assert tokens.pair_for(session).access != pair.access, "new ones are signed by the new key"
    settings.SECRET_KEY_FALLBACKS = [OLD]
    with pytest.raises(NotSignedIn):
        session_of_token(pair.access, now=NOW)


def test_fallbacks_make_no_token_good_that_is_not(bo: User, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    access = tokens.pair_for(open_session(bo, client=Client(), now=NOW)).access
    for wrong in (f"{access}x", access.rpartition(".")[0] + ".", "x", ""):
        with pytest.raises(NotSignedIn):
            tokens.read(wrong, "access", now=NOW)
    with pytest.raises(NotSignedIn):
        tokens.read(access, "refresh", now=NOW)


def test_links_in_mails_go_on_working(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    deed = LinkAction(7, "complete", 12)
    word = link_for(deed).rstrip("/").rpartition("/")[2]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert read_link(word) == deed
    settings.SECRET_KEY_FALLBACKS = []
    assert read_link(word) is None


def test_cookies_and_invitations_go_on_working(bo: User, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    session = open_session(bo, client=Client(), now=NOW)
    cookie = signing.dumps(
        {SESSION_KEY: session.pk.hex},
        compress=True,
        salt="django.contrib.sessions.backends.signed_cookies",
        serializer=signing.JSONSerializer,
    )
    invitation = token_of(3)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert session_of_cookie(cookie) == session.pk
    assert token_of(3) != invitation
    assert signing.Signer(salt="taskbell.accounts.invites").unsign(invitation) == "3"
    settings.SECRET_KEY_FALLBACKS = []
    assert session_of_cookie(cookie) is None
