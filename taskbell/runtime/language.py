"""The language of what the command line prints: the terminal's, without Django's settings; English if unsure."""

import gettext as catalogues
import os
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"


@cache
def _catalogue() -> catalogues.NullTranslations:
    wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "C")
    return catalogues.translation("django", LOCALE, [wanted], fallback=True)


def gettext(text: str) -> str:
    """The text in the language of the terminal."""
    return _catalogue().gettext(text)


def gettext_noop(text: str) -> str:
    """The same text, to be translated where it is used."""
    return text
