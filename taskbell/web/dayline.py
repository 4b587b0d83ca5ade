"""The day as a line: where reminders, due times and now are on it, in percent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from taskbell.common.clock import wall_time
from taskbell.web.dates import Dates

FROM, TO = 7, 22  # hours that are always shown
MARGIN = 1  # percent at both ends
STEP = 3  # hours between two labels
CLEAR = 1.8  # hours around now without another label: on a phone, they would overlap


@dataclass(frozen=True)
class LineMark:
    """A point on the line, and what stands under it."""

    x: str
    words: str


@dataclass(frozen=True)
class DayLine:
    """What the line shows."""

    now: LineMark
    hours: list[LineMark]
    reminders: list[LineMark]
    due: list[LineMark]
    first: str
    last: str


def day_line(reminders: Sequence[datetime], due: Sequence[datetime], dates: Dates) -> DayLine:
    """The line of the person's day, by the clocks of their zone."""
    walls = {at: wall_time(at, dates.zone.key) for at in (*reminders, *due, dates.now)}
    here = walls[dates.now].date()
    hours = [at.hour + at.minute / 60 for at in walls.values() if at.date() == here]
    first, last = min(FROM, int(min(hours))), max(TO, int(max(hours)) + 1)

    def x(hour: float) -> float:
        return MARGIN + (100 - 2 * MARGIN) * (hour - first) / (last - first)

    def mark(at: datetime) -> LineMark:
        return LineMark(f"{x(walls[at].hour + walls[at].minute / 60):.2f}%", dates.time(at))

    now = walls[dates.now].hour + walls[dates.now].minute / 60
    labels = [hour for hour in range(first, last + 1, STEP) if abs(hour - now) > CLEAR]
    return DayLine(
        now=mark(dates.now),
        hours=[LineMark(f"{x(hour):.2f}%", dates.time(_clock(hour))) for hour in labels],
        reminders=[mark(at) for at in reminders if walls[at].date() == here],
        due=[mark(at) for at in due if walls[at].date() == here],
        first=dates.time(_clock(first)),
        last=dates.time(_clock(last)),
    )


def _clock(hour: int) -> time:
    return time(hour % 24)
