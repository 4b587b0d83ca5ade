"""Who is asking, and what the start page and the banner want to know."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from taskbell.accounts import tokens
from taskbell.accounts.models import Installation, Session
from taskbell.common.errors import NotSignedIn


def session_of_token(access: str, *, now: datetime) -> Session:
    """The living session that an access token names, with its person, in one query. Raises NotSignedIn."""
    session = living_session(tokens.read(access, "access", now=now).session_id, now=now)
    if session is None:
        raise NotSignedIn("This session has ended. Sign in again.")
    return session


def living_session(session_id: UUID | str, *, now: datetime) -> Session | None:
    """The session with its person, or None if it does not count (any more)."""
    return Session.objects.alive(now).with_person().filter(pk=session_id).first()


def is_claimed() -> bool:
    """True once the installation has, or had, its first person."""
    return Installation.objects.exclude(claimed_at=None).exists()


def setup_token() -> str:
    """The word that lets its bearer be the first person, whatever the registration setting says."""
    return salted_hmac("taskbell.accounts.setup", "first person", algorithm="sha256").hexdigest()[:32]


def is_setup_token(word: str) -> bool:
    """True for the setup token as long as the installation is unclaimed."""
    return constant_time_compare(word, setup_token()) and not is_claimed()


def setup_link() -> str | None:
    """Where the first person signs up; None once somebody has."""
    return None if is_claimed() else f"{settings.URL}/setup/{setup_token()}/"
