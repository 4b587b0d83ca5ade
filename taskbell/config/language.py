"""The language of what the command line prints: the terminal's, without Django's settings; English if unsure."""

import gettext as catalogues
import os
from functools import cache
from itertools import takewhile
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"
DOMAIN = "django"
ENGLISH = ("C", "POSIX", "en")
VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides


@cache
def _catalogue() -> catalogues.NullTranslations:
    wanted = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "C").split(":")
    before_english = takewhile(lambda one: not one.startswith(ENGLISH), wanted)
    return catalogues.translation(DOMAIN, LOCALE, list(before_english), fallback=True)


def gettext(text: str) -> str:
    """The text in the language of the terminal."""
    return _catalogue().gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    """The text for this number, in the language of the terminal."""
    return _catalogue().ngettext(one, many, n)


def gettext_noop(text: str) -> str:
    """The same text, to be translated where it is used."""
    return text


def bind_others() -> None:
    """Lets typer and argparse speak the same language: they ask Python's own catalogue (others.py has their texts)."""
    if isinstance(_catalogue(), catalogues.GNUTranslations):
        catalogues.bindtextdomain(DOMAIN, str(LOCALE))
        catalogues.textdomain(DOMAIN)


def terminal_language() -> str:
    """The language of the terminal as Django names it."""
    return _catalogue().info().get("language", "en")
