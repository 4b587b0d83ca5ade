"""People's text among our own words, in emails: on one line, not too long, set apart, and no part of it a link."""

import regex
from django.utils.translation import gettext as _

from taskbell.common.wording import shortened

MAX_NAME, MAX_PROJECT_NAME, MAX_LINE = 40, 60, 255  # characters shown

# Turns the direction of what follows (UAX #9 §2), or hides in the middle of a word or an address.
HIDDEN = regex.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
RIGHT_TO_LEFT = regex.compile(r"[\p{bc=R}\p{bc=AL}\p{bc=AN}]")
# Where mail programs recognize a link: the dot of a domain (IDNA knows four), the colon of a scheme, a network path.
LINK = regex.compile(
    r"(?<=[\p{L}\p{M}\p{N}\p{So})\]-][.\u2024\u3002\uff0e\uff61])(?=[\u200c\u200d]*[\p{L}\p{So}])"
    r"|(?<=\p{L}[\p{L}\p{N}+-]:)(?=\S)|(?<=:)(?=//)|(?<=\\)(?=\\)"
)
HAIR_SPACE, ISOLATE, POP = "\u200a", "\u2068", "\u2069"
# A few words, without anything that a sentence or a link needs.
PLAIN = regex.compile(r"[\p{L}\p{M}\p{N}_'’+-]+(?: [\p{L}\p{M}\p{N}_'’+-]+){0,5}")
FORENAME = regex.compile(r"[\p{L}\p{M}][\p{L}\p{M}\p{N}_'’-]*\.?(?: [\p{L}\p{M}][\p{L}\p{M}'’-]*\.?){0,2}")
SINGLE_QUOTES = str.maketrans(dict.fromkeys('"“”„‟«»″＂', "'"))


def without_links(text: str) -> str:
    """The same text, but no mail program turns a part of it into a link: a hair space splits what looks like one.

    An invisible character is not enough: browsers drop it from an address (UTS #46).
    """
    return str(LINK.sub(HAIR_SPACE, HIDDEN.sub("", text)))


def one_line(text: str, *, most: int) -> str:
    """The text to stand between double quotes: shortened, without links, and unable to reorder the words around it."""
    line = without_links(shortened(" ".join(text.translate(SINGLE_QUOTES).split()), most))
    return f"{ISOLATE}{line}{POP}" if RIGHT_TO_LEFT.search(line) else line


def name_in_quotes(name: str) -> str:
    """The name of a person, for the middle of our sentence."""
    return one_line(name, most=MAX_NAME)


def set_apart(text: str, *, most: int = MAX_LINE) -> str:
    """The text to stand alone or after a colon of ours: in quotes, unless it is only a few words."""
    line = one_line(text, most=most)
    return line if PLAIN.fullmatch(line) else _('"%(line)s"') % {"line": line}


def short_name(name: str) -> str:
    """The name of a project or a category, set apart; empty if there is none."""
    return set_apart(name, most=MAX_PROJECT_NAME) if name else ""


def quoted_lines(text: str) -> str:
    """Text of several lines, marked as mail programs mark what another person wrote."""
    return "\n".join(f"> {line}" if line else ">" for line in without_links(text).split("\n"))


def greeted(name: str) -> str:
    """The name after "Hi"; empty if it is not plainly one, because people choose it themselves."""
    return name if len(name) <= MAX_NAME and FORENAME.fullmatch(name) else ""
