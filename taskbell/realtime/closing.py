"""Why a live connection ends (RFC 6455 §7.4; codes from 4000 on are ours)."""

from typing import ClassVar


class Closed(Exception):
    """Closes the connection with this code. The reason is for people, at most 123 bytes."""

    code: ClassVar[int]
    default_reason: ClassVar[str] = ""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason or self.default_reason


class NotText(Closed):
    """The client sent a binary frame."""

    code = 1003
    default_reason = "Only text frames are supported."


class TooManyFrames(Closed):
    """The client sent more frames than any client needs to."""

    code = 1008
    default_reason = "Too many frames."


class Failed(Closed):
    """An error of ours; the log has the details."""

    code = 1011
    default_reason = "Something went wrong on our side."


class TryAgainLater(Closed):
    """The client has done nothing wrong: it can connect again and resume."""

    code = 1013
    default_reason = "Can't reach the database right now. Connect again in a while."


class SignedOut(Closed):
    """The client is not signed in, or no longer."""

    code = 4401
    default_reason = "This session has ended. Sign in again."


class ForeignPage(Closed):
    """A browser sent our cookie from a page that is not ours."""

    code = 4403
    default_reason = "Connections with a cookie are only for our own pages."


class TooManyConnections(Closed):
    """One person has more connections than anybody needs."""

    code = 4429
    default_reason = "You have too many connections. Close some of them."
