"""JSON Web Tokens that name a session (RFC 7519, and RFC 8725 on how to use them safely).

Each token has one fixed algorithm, issuer, audience and kind. The pair is computed from the session row, so two tabs
that refresh at the same time get the same tokens.
"""

from contextlib import suppress
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
MAX_TOKEN_LENGTH = 1000  # ours have about 400 characters
Kind = Literal["access", "refresh"]
OPTIONS: Any = {
    "require": ["iss", "aud", "exp", "iat", "sub", "sid", "jti", "token_type"],
    "verify_exp": False,  # checked below, against the time that was passed in
    "verify_iat": False,
}


@dataclass(frozen=True)
class TokenPair:
    """A client sends `access` with every request, and exchanges `refresh` for the next pair."""

    access: str
    refresh: str


@dataclass(frozen=True)
class Claims:
    """The claims of a token that we signed."""

    session_id: UUID
    token_id: UUID


def pair_for(session: Session) -> TokenPair:
    """The current pair of the session: the same row always gives the same tokens."""
    access_ends = session.refreshed_at + timedelta(minutes=settings.TASKBELL_ACCESS_MINUTES)
    return TokenPair(
        access=_encode(session, "access", expires_at=access_ends),
        refresh=_encode(session, "refresh", expires_at=session.expires_at),
    )


def read(raw: str, kind: Kind, *, now: datetime) -> Claims:
    """The claims of a valid token of this kind. Raises NotSignedIn otherwise."""
    try:
        claims = _signed(raw)
        if claims["token_type"] == kind and claims["exp"] > now.timestamp():
            return Claims(session_id=UUID(claims["sid"]), token_id=UUID(claims["jti"]))
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        pass
    raise NotSignedIn(f"The {kind} token is not valid or has expired.")


def person_named_in(raw: str) -> str | None:
    """The ID of the person whom we gave this token, even if it has expired; None for any other token."""
    try:
        return str(_signed(raw)["sub"])
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return None


def _signed(raw: str) -> dict[str, Any]:
    """The claims of a token that one of our secrets has signed, even if it has expired. Raises PyJWTError."""
    if len(raw) > MAX_TOKEN_LENGTH:  # PyJWT parses JSON before it checks the signature; deep nesting would cost much
        raise jwt.DecodeError
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        with suppress(jwt.InvalidSignatureError):
            return _signed_with(raw, _key(secret))
    raise jwt.InvalidSignatureError


@lru_cache(maxsize=4096)
def _signed_with(raw: str, key: bytes) -> dict[str, Any]:
    """The claims of a token with a valid signature, even if it has expired. Raises PyJWTError.

    Cached, because the result depends on token and key alone; errors are not cached.
    """
    claims = jwt.decode(raw, key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE, options=OPTIONS)
    return dict(claims)


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
    return jwt.encode(claims, _key(settings.SECRET_KEY), algorithm=ALGORITHM)


def _key(secret: str) -> bytes:
    return salted_hmac("taskbell.accounts.tokens", "signing key", secret=secret, algorithm="sha256").digest()
