"""The words of dates, times and repetitions in English and German, folded as `common/folding.py` folds them."""

from collections.abc import Iterable, Mapping
from datetime import time


def ranked(table: str, first: int = 0) -> dict[str, int]:
    """The words of each line, with the number of the line."""
    return {word: place for place, line in enumerate(table.split("\n"), first) for word in line.split()}


def one_of(words: Iterable[str]) -> str:
    """The pattern of any of these words."""
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


def with_suffix(words: Mapping[str, int], suffix: str) -> dict[str, int]:
    """The same words with a suffix."""
    return {word + suffix: number for word, number in words.items()}


NUMBERS = ranked(
    """a an one ein eine einem einen einer
two zwei
three drei
four vier
five funf fuenf
six sechs
seven sieben
eight acht
nine neun
ten zehn
eleven elf
twelve zwolf zwoelf""",
    first=1,
)
ORDINALS = ranked(
    """first erste ersten erster erstes
second zweite zweiten zweiter zweites
third dritte dritten dritter drittes
fourth vierte vierten vierter viertes""",
    first=1,
)
LAST = ("last", "letzte", "letzten", "letzter")
EVERY_OTHER = ("other", "zweite", "zweiten", "zweiter", "zweites")

DAYS, WEEKS, MONTHLY, YEARS = "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
UNITS = {
    **dict.fromkeys(("day", "days", "tag", "tage", "tagen"), DAYS),
    **dict.fromkeys(("week", "weeks", "woche", "wochen"), WEEKS),
    **dict.fromkeys(("month", "months", "monat", "monate", "monaten"), MONTHLY),
    **dict.fromkeys(("year", "years", "jahr", "jahre", "jahren"), YEARS),
}
# The letters of ISO 8601, and whether they count exact time.
SPANS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten"), "PT{}M"),
    **dict.fromkeys(("h", "hr", "hrs", "std", "hour", "hours", "stunde", "stunden"), "PT{}H"),
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen"), "P{}D"),
    **dict.fromkeys(("w", "week", "weeks", "woche", "wochen"), "P{}W"),
}
ADVERBS = {
    **dict.fromkeys(("daily", "taglich", "taeglich"), (DAYS, 1)),
    **dict.fromkeys(("weekly", "wochentlich", "woechentlich"), (WEEKS, 1)),
    **dict.fromkeys(("monthly", "monatlich"), (MONTHLY, 1)),
    **dict.fromkeys(("quarterly", "vierteljahrlich", "vierteljaehrlich"), (MONTHLY, 3)),
    **dict.fromkeys(("yearly", "annually", "jahrlich", "jaehrlich"), (YEARS, 1)),
}

CLOCKS = {"noon": time(12), "midday": time(12), "midnight": time(), "mitternacht": time()}
# The parts of a day; those in ALONE need no other word beside them.
ALONE = {
    **dict.fromkeys(("morgens", "vormittags"), time(9)),
    "mittags": time(12),
    "nachmittags": time(15),
    "abends": time(19),
    "nachts": time(20),
}
PARTS = ALONE | {
    **dict.fromkeys(("morning", "morgen", "fruh", "frueh", "vormittag"), time(9)),
    **dict.fromkeys(("noon", "mittag"), time(12)),
    **dict.fromkeys(("afternoon", "nachmittag"), time(15)),
    **dict.fromkeys(("evening", "abend"), time(19)),
    **dict.fromkeys(("night", "nacht"), time(20)),
}
NEAR_DAYS = {
    **dict.fromkeys(("today", "heute"), 0),
    **dict.fromkeys(("tomorrow", "tmr", "tmrw", "morgen"), 1),
    **dict.fromkeys(("day after tomorrow", "the day after tomorrow", "ubermorgen", "uebermorgen"), 2),
}
PRIORITIES = {
    **dict.fromkeys(("low", "niedrig"), "LOW"),
    **dict.fromkeys(("medium", "normal", "mittel"), "MEDIUM"),
    **dict.fromkeys(("high", "hoch", ""), "HIGH"),
    **dict.fromkeys(("urgent", "dringend", "!"), "URGENT"),
}


def number(text: str) -> int:
    """The number in digits or as a word."""
    return int(text) if text.isdecimal() else NUMBERS[text]
