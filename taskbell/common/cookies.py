"""Cookies that a client sends, read in linear time. Python's own reader took seconds for 60 KB of backslashes."""

import re

QUOTED = re.compile(r"\\(?:([0-3][0-7]{2})|(.))")


def cookies_of(header: str) -> dict[str, str]:
    """The cookies by name (RFC 6265 §4.2.1). Values in quotes are read as `http.cookies` writes them."""
    pairs = (pair.partition("=") for pair in header.split(";"))
    return {name.strip(): _unquoted(value.strip()) for name, is_pair, value in pairs if is_pair}


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return QUOTED.sub(lambda found: chr(int(found[1], 8)) if found[1] else found[2], value[1:-1])
