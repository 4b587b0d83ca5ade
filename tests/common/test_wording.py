"""Dates in words."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from taskbell.common.wording import in_words


def test_one_instant_has_other_words_in_another_zone() -> None:
    at = datetime(2026, 5, 4, 7, tzinfo=UTC)
    assert [in_words(at.astimezone(ZoneInfo(zone)), "H:i") for zone in ("UTC", "Europe/Berlin", "Asia/Tokyo")] == [
        *("07:00", "09:00", "16:00")
    ]
    assert in_words(date(2026, 5, 4), "l, j F Y") == "Monday, 4 May 2026"
