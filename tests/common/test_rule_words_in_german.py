"""Rules of recurrence in German."""

import pytest
from django.utils.translation import override

from taskbell.common.durations import parse_duration
from taskbell.common.rule_words import rule_in_words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "jeden Tag"),
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10", "jeden Montag und Donnerstag, 10-mal"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "alle 2 Wochen am Freitag"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "jeden Werktag"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "jeden Monat am 31. (oder am letzten Tag)"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "jeden Monat am letzten Tag"),
        ("FREQ=MONTHLY;BYDAY=-2FR", "jeden Monat am vorletzten Freitag"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "jeden Monat am ersten Werktag"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14", "jedes Jahr am 14. März"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "jedes Jahr am vierten Donnerstag im November"),
        ("FREQ=DAILY;UNTIL=20271231", "jeden Tag, bis 31. Dezember 2027"),
    ],
)
def test_a_rule_reads_like_german(rule: str, words: str) -> None:
    with override("de"):
        assert rule_in_words(rule) == words
        assert rule_in_words("FREQ=DAILY", at="9:00") == "jeden Tag um 9:00"


def test_a_duration_reads_like_german() -> None:
    with override("de"):
        assert parse_duration("P1DT2H").words == "1 Tag 2 Stunden"
