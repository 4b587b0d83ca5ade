"""Usernames and email addresses as they are stored. Every reader raises BadValue."""

import secrets
from collections.abc import Iterator

import regex
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from taskbell.common.text import UNPRINTABLE, folded, in_ascii, is_invisible, is_of_one_script
from taskbell.common.values import UNPRINTABLE_SENTENCE, BadValue, read_line

CHARACTERS = r"[\p{L}\p{M}\p{N}_.+-]"
USERNAME = regex.compile(CHARACTERS + "{1,150}")
QUOTED = frozenset(' "(),:;<>@[\\]')  # a local part with one of these needs quotes
MAX_DEFAULT_USERNAME, MAX_ADDRESS = 100, 254  # the first leaves space for a number
MAX_FOLDED_LENGTH = 600  # NFKC can expand one letter to eighteen


def read_email(value: str) -> str:
    """The address in its canonical form (NFKC, case-folded)."""
    if len(value) > 4 * MAX_ADDRESS:
        raise BadValue(_("Must have at most %(address)s characters.") % {"address": MAX_ADDRESS}, "max_length")
    if UNPRINTABLE.search(value):
        raise BadValue(_(UNPRINTABLE_SENTENCE), "unprintable")
    address = folded(value)
    try:
        validate_email(address)
        in_ascii(address)
    except (ValidationError, ValueError) as error:
        raise BadValue(_("Must be an email address.")) from error
    address = _without_needless_quotes(address)
    if len(address) > MAX_ADDRESS:
        raise BadValue(_("Must have at most %(address)s characters.") % {"address": MAX_ADDRESS}, "max_length")
    return address


def _without_needless_quotes(address: str) -> str:
    """One mailbox has one spelling: "b\\o"@example.org is bo@example.org (RFC 5321 §4.1.2), and one person."""
    local, _, domain = address.rpartition("@")
    if not local.startswith('"'):
        return address
    plain = regex.sub(r"\\(.)", r"\1", local[1:-1])
    needs_quotes = not all(plain.split(".")) or not QUOTED.isdisjoint(plain)
    return '"' + regex.sub(r'(["\\])', r"\\\1", plain) + f'"@{domain}' if needs_quotes else f"{plain}@{domain}"


def read_username(value: str, *, email: str) -> str:
    """The username as typed. A username with an @ must be the person's own email address.

    Otherwise one person could use another's address as a username and impersonate them. Letters of several scripts,
    which can look the same, are refused for the same reason (UTS #39).
    """
    name = read_line(value, most=MAX_ADDRESS)
    if folded(name) != email:
        if not USERNAME.fullmatch(name) or any(map(is_invisible, name)):
            raise BadValue(_("Must have up to 150 letters, digits and . + - _ or be your own email address."))
        if not any(map(str.isalnum, name)):
            raise BadValue(_("Must have a letter or a digit."))
        if not is_of_one_script(name):
            raise BadValue(_("Must not mix letters of different scripts, because they can look the same."), "scripts")
    if len(folded(name)) > MAX_FOLDED_LENGTH:
        raise BadValue(_("Must be shorter: some of its characters expand to several letters."), "max_length")
    return name


def default_usernames(email: str) -> Iterator[str]:
    """Usernames for a person who has not chosen one: the local part of the address, then the same with a number.

    The numbers are random, so that the next one does not tell how many there are.
    """
    local = "".join(regex.findall(CHARACTERS, email.rpartition("@")[0]))[:MAX_DEFAULT_USERNAME]
    try:
        name = read_username(local, email="")
    except BadValue:
        name = "person"
    yield name
    for digits in range(4, 10):
        yield f"{name}-{secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)}"
