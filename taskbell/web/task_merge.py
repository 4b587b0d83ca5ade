"""Two people change one task: what does not overlap merges; what does is shown beside each other.

A form carries a mark of each field as it was when the form was opened. The three values of a field then tell who has
changed it: the one that it had, the one that is sent, and the one that it has now.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taskbell.common.text import folded

MARK, CHOICE = "was-", "choice-"
MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True)
class Clash:
    """A field that both have changed."""

    name: str
    mine: Any
    theirs: Any


def mark_of(value: Any) -> str:
    """A short text that differs for other values."""
    return hashlib.sha256(json.dumps(_plain(value), default=str).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    return sorted(folded(name) for name in value) if isinstance(value, list) else value


def marks_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The marks of these values, by the names under which a form sends them."""
    return {f"{MARK}{name}": mark_of(value) for name, value in values.items()}


def merge(
    mine: Mapping[str, Any], theirs: Mapping[str, Any], sent: Mapping[str, str]
) -> tuple[dict[str, Any], list[Clash]]:
    """What to change, and what clashes. `sent` has the marks, and for a clash that was shown the choice.

    A form without marks, such as one of a program, changes what differs.
    """
    changes: dict[str, Any] = {}
    clashes = []
    for name, value in mine.items():
        was, now = sent.get(f"{MARK}{name}"), theirs[name]
        choice = sent.get(f"{CHOICE}{name}")
        if _plain(value) == _plain(now) or (was and mark_of(value) == was) or choice == THEIRS:
            continue
        if not was or mark_of(now) == was:
            changes[name] = value
        else:
            clashes.append(Clash(name, value, now))
    return changes, clashes
