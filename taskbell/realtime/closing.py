"""Why a live connection ends (RFC 6455 §7.4; codes from 4000 on are ours)."""

from enum import Enum


class Closing(Enum):
    """The codes, and what people read; a reason has at most 123 bytes."""

    NOT_TEXT = 1003, "Only text frames are supported."
    TOO_MANY_FRAMES = 1008, "Too many frames."
    FAILED = 1011, "Something went wrong on our side."  # the log has the details
    TRY_AGAIN_LATER = 1013, "Can't reach the database right now. Connect again in a while."  # the client may resume
    SIGNED_OUT = 4401, "This session has ended. Sign in again."
    FOREIGN_PAGE = 4403, "Connections with a cookie are only for our own pages."
    TOO_MANY_CONNECTIONS = 4429, "You have too many connections. Close some of them."


class Closed(Exception):
    """Closes the connection, with this reason or the usual one."""

    def __init__(self, why: Closing, reason: str = "") -> None:
        self.code, usual = why.value
        self.reason = reason or usual
        super().__init__(self.reason)
