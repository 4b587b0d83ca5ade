"""The names of weekdays and months in English and German, folded as `common/folding.py` folds them."""

from taskbell.quick_add.words import ranked, with_suffix

NAMES_OF_WEEKDAYS = ranked("""monday montag
tuesday dienstag
wednesday mittwoch
thursday donnerstag
friday freitag
saturday samstag sonnabend
sunday sonntag""")
CLEAR_WEEKDAYS = NAMES_OF_WEEKDAYS | ranked("""mon
tue tues
wed weds
thu thur thurs
fri""")
# Abbreviations that are words as well, such as "do" and "sun".
SHORT_GERMAN = ranked("mo di mi do fr sa so".replace(" ", "\n"))
SHORT_ENGLISH = {"sat": 5, "sun": 6}
WEEKDAYS = CLEAR_WEEKDAYS | SHORT_GERMAN | SHORT_ENGLISH
EVERY_WEEKDAY = with_suffix(NAMES_OF_WEEKDAYS, "s")  # "mondays", "montags"

MONTHS = ranked(
    """january januar janner jan
february februar feb
march marz maerz mar mrz
april apr
may mai
june juni jun
july juli jul
august aug
september sept sep
october oktober oct okt
november nov
december dezember dec dez""",
    first=1,
)
