"""Numbers as bars and columns, to be drawn by the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from taskbell.web.dates import Dates

WIDTH, HEIGHT, GAP = 720, 180, 0.3  # of a chart of columns
DAY = 24 * 3600


@dataclass(frozen=True)
class Bar:
    """A value with its name; `share` is its length in percent of the longest."""

    name: str
    value: int
    share: float
    kind: str = ""


@dataclass(frozen=True)
class WeekColumn:
    """A period with two values, as rectangles of the chart."""

    name: str
    created: int
    completed: int
    x: float
    width: float
    created_top: float
    completed_top: float
    median: str  # how long tasks took


def bars(counts: Sequence[tuple[str, int]], *, kinds: Sequence[str] = ()) -> list[Bar]:
    """A bar for each pair of a name and a number; the longest fills the line."""
    longest = max((n for _name, n in counts), default=0) or 1
    named = kinds or [""] * len(counts)
    return [
        Bar(name, n, round(100 * n / longest, 1), kind.lower()) for (name, n), kind in zip(counts, named, strict=False)
    ]


def week_columns(periods: Sequence[Any], dates: Dates) -> list[WeekColumn]:
    """The columns of the weeks; none if nothing happened."""
    most = max((max(one["created"], one["completed"]) for one in periods), default=0)
    if not most:
        return []
    slot = WIDTH / len(periods)
    bar = slot * (1 - GAP) / 2
    return [
        WeekColumn(
            name=dates.short_day(one["from"]),
            created=one["created"],
            completed=one["completed"],
            x=round(place * slot + slot * GAP / 2, 1),
            width=round(bar, 1),
            created_top=round(HEIGHT * (1 - one["created"] / most), 1),
            completed_top=round(HEIGHT * (1 - one["completed"] / most), 1),
            median=_span(one["median_seconds_to_complete"]),
        )
        for place, one in enumerate(periods)
    ]


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < DAY:
        return _("%(n).1f hours") % {"n": seconds / 3600}
    return _("%(n).1f days") % {"n": seconds / DAY}
