"""The version of a task or a project, which a caller may expect."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.errors import Refusal

Versions = int | Collection[int] | None  # at which something may be changed; None: any
CHANGED = {
    "task": gettext_noop("The task has changed: its version is now {}."),
    "project": gettext_noop("The project has changed: its version is now {}."),
}


class StaleVersion(Refusal):
    """It has changed since the caller read it."""

    status = 412
    title = "Changed in the meantime"


def check_version(current: int, wanted: Versions, *, of: str = "task") -> None:
    """Raises StaleVersion unless the current version is the one that is wanted, or one of them."""
    allowed = {wanted} if isinstance(wanted, int) else wanted
    if allowed is not None and current not in allowed:
        raise StaleVersion(_(CHANGED[of]).format(current))
