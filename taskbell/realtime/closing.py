"""Why a live connection ends (RFC 6455 §7.4; codes from 4000 on are ours)."""

from typing import ClassVar


class Closed(Exception):
    """The connection is to be closed with this code. The reason is for people, at most 123 bytes."""

    code: ClassVar[int]
    usual_reason: ClassVar[str] = ""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason or self.usual_reason


class NotText(Closed):
    """A binary frame."""

    code = 1003
    usual_reason = "Only text frames are understood."


class TooMuchTalk(Closed):
    """More frames than anybody needs to send."""

    code = 1008
    usual_reason = "Too many frames."


class Failed(Closed):
    """A mistake of ours; the log says which."""

    code = 1011
    usual_reason = "Something went wrong on our side."


class TryLater(Closed):
    """Nothing is wrong with the client: let it connect again and resume."""

    code = 1013
    usual_reason = "The database is away. Connect again in a while."


class SignedOut(Closed):
    """Nobody is known to be there, or no longer."""

    code = 4401
    usual_reason = "This session has ended. Sign in again."


class ForeignPage(Closed):
    """A browser has come with our cookie from a page that is not ours."""

    code = 4403
    usual_reason = "With a cookie, connections are for our own pages alone."


class TooManyConnections(Closed):
    """One person has more connections than anybody needs."""

    code = 4429
    usual_reason = "You have too many connections. Close some of them."
