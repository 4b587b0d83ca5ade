"""JSON Web Tokens that name a session (RFC 7519, and RFC 8725 on how to use them safely).

One algorithm, issuer, audience and kind each; the pair of a session is a function of its row, so
that two tabs that refresh at once are given the same strings.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac

from taskbell.accounts.models import Session
from taskbell.common.errors import NotSignedIn

ALGORITHM = "HS256"
ISSUER = "taskbell"
AUDIENCE = "taskbell-api"
Kind = Literal["access", "refresh"]
OPTIONS: Any = {
    "require": ["iss", "aud", "exp", "iat", "sub", "sid", "jti", "token_type"],
    "verify_exp": False,  # checked below, against the time that was passed in
    "verify_iat": False,
}


@dataclass(frozen=True)
class TokenPair:
    """What a program keeps: `access` goes with every request, `refresh` fetches the next pair."""

    access: str
    refresh: str


@dataclass(frozen=True)
class Claims:
    """What a token that we signed says."""

    session_id: UUID
    token_id: UUID


def pair_for(session: Session) -> TokenPair:
    """The current pair of the session: always the same strings for the same row."""
    access_ends = session.refreshed_at + timedelta(minutes=settings.TASKBELL_ACCESS_MINUTES)
    return TokenPair(
        access=_encode(session, "access", expires_at=access_ends),
        refresh=_encode(session, "refresh", expires_at=session.expires_at),
    )


def read(raw: str, kind: Kind, *, now: datetime) -> Claims:
    """The claims of a token of this kind that counts now. Raises NotSignedIn otherwise."""
    try:
        claims = _signed(raw, _key())
        right = claims["token_type"] == kind and claims["exp"] > now.timestamp()
        if right:
            return Claims(session_id=UUID(claims["sid"]), token_id=UUID(claims["jti"]))
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        pass
    raise NotSignedIn(f"The {kind} token is not valid or has expired.")


@lru_cache(maxsize=4096)
def _signed(raw: str, key: bytes) -> dict[str, Any]:
    """What a token says that is signed with the key, whether or not it counts. Raises PyJWTError.

    Kept for the next requests, because the same token and the same key always give the same; errors are not kept.
    """
    said = jwt.decode(raw, key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE, options=OPTIONS)
    return dict(said)


def _encode(session: Session, kind: Kind, *, expires_at: datetime) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "token_type": kind,
        "sub": str(session.user_id),
        "sid": session.pk.hex,
        "jti": session.refresh_id.hex,
        "iat": int(session.refreshed_at.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return jwt.encode(claims, _key(), algorithm=ALGORITHM)


def _key() -> bytes:
    return salted_hmac("taskbell.accounts.tokens", "signing key", algorithm="sha256").digest()
