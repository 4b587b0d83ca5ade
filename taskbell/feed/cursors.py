"""How far a client has followed the history, as a text that it keeps and sends back.

Sync and live connections use the same cursors, so a client can switch between them. A cursor is signed, so
clients can only resume from positions that we gave them.
"""

import re
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.signing import b64_encode
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from taskbell.activity.queries import current_checkpoint
from taskbell.common.errors import Invalid, invalid

CONTENT = r"([0-9a-f]{16})\.([1-9]\d{0,17}[ao]\d{0,9})\.(\d{1,18})(?:\.(?:(\d{1,18})\.)?(\d{1,18}))?"
SIGNATURE = r"[A-Za-z0-9_-]{22}"
# Earlier versions did not sign cursors.
FORM = re.compile(rf"(?P<content>{CONTENT})(?:~(?P<signature>{SIGNATURE}))?", re.ASCII)
SALT, SIGNATURE_BYTES = "taskbell.feed.cursors", 16
MAX_MISSED_ENTRIES = 10_000  # a client that has missed more is quicker with a fresh list


@dataclass(frozen=True)
class Cursor:
    """A position in one epoch of the history, for one access (projects/audience.py:access_of).

    With `task_id`, the client is in the middle of something that goes by task ids: the first copy; or, with `until`,
    the tasks that wait for those changed up to that position.
    """

    epoch: str
    access: str
    position: int
    until: int | None = None
    task_id: int | None = None

    def __str__(self) -> str:
        rest = (part for part in (self.until, self.task_id) if part is not None)
        return _signed(".".join([self.epoch, self.access, str(self.position), *map(str, rest)]))

    def at(self, position: int) -> "Cursor":
        """The cursor after everything up to this position."""
        return replace(self, position=max(position, self.position), until=None, task_id=None)


# It has no epoch, so nothing can be resumed from it.
FOREIGN = Cursor("", "", 0)


def plain_cursor(epoch: str, access: str, position: int) -> str:
    """The text of a cursor after a whole entry; live connections make one for every message."""
    return _signed(f"{epoch}.{access}.{position}")


def _signed(content: str) -> str:
    return f"{content}~{_signature(content, settings.SECRET_KEY)}"


def _signature(content: str, secret: str) -> str:
    return b64_encode(salted_hmac(SALT, content, secret, algorithm="sha256").digest()[:SIGNATURE_BYTES]).decode()


def read_cursor(text: str) -> Cursor:
    """The cursor in this text; `FOREIGN` if this installation did not sign it. Raises Invalid."""
    match = FORM.fullmatch(text)
    if match is None:
        raise invalid("since", "invalid", _("Must be a cursor from an earlier answer."))
    content, epoch, access, *numbers, signature = match.groups()
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(constant_time_compare(signature or "", _signature(content, secret)) for secret in secrets):
        return FOREIGN
    position, until, task_id = (None if number is None else int(number) for number in numbers)
    return Cursor(epoch, access, position or 0, until, task_id)


def resumable_position(text: str, access: str) -> int | None:
    """The position to resume from; None where events can't bring the client up to date.

    The cursor may be from before a restored backup, of another person or access, from the middle of a copy, or too old.
    """
    try:
        cursor = read_cursor(text)
    except Invalid:
        return None
    end = current_checkpoint()
    is_valid = cursor == Cursor(end.epoch, access, cursor.position) and end.has_all_after(cursor.position)
    return cursor.position if is_valid and end.position - cursor.position <= MAX_MISSED_ENTRIES else None
