"""Takes secrets and addresses out of what is logged or reported."""

import re
import traceback
from collections.abc import Iterator

GONE = "…"
# Anyone who has such a URL can use it.
SIGNED = re.compile(r"(/(?:mail|invite|setup|projects/join|email/[a-z]+|password/reset)/)(?!<)[^\s\"'?]+")
NO_ADDRESS = re.compile("(?:[0-9a-f]{40}|celery)@")  # a Message-ID of ours, and the name of a worker
SECRETS = (
    (SIGNED, rf"\1{GONE}"),
    (re.compile(r"\?[\w.-]{1,64}=[^\s\"']*"), f"?{GONE}"),  # a query string
    (re.compile(r"\beyJ[\w.-]+"), GONE),  # a JSON Web Token
    (re.compile(r"\b(Bearer|Basic) [^\s\"']+", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(r"(://[^\s/:@]{0,64}:)[^\s/@]{1,255}@"), rf"\1{GONE}@"),  # the password in a URL
    (re.compile(r"\b(password|secret|sessionid|csrftoken)=[^\s&;\"']+", re.IGNORECASE), rf"\1={GONE}"),
    (re.compile(r"\b(cookie:)[^\r\n\"']+", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(r"\w(?:[\w.+@'-]|%40)*"), lambda found: _without_address(found[0])),
)
# These describe the system or name our code. The messages of others may quote what people have sent.
HARMLESS = frozenset(
    {
        "AttributeError",
        "ImportError",
        "InterfaceError",
        "MemoryError",
        "NameError",
        "OperationalError",
        "OSError",
        "RecursionError",
        "RedisError",
    }
)
QUOTING = frozenset(
    {"ResponseError", "SMTPException"}
)  # kinds of RedisError and OSError that quote commands and replies


def _without_address(word: str) -> str:
    bare = word.rstrip("@'")
    is_address = ("@" in bare or "%40" in bare) and not NO_ADDRESS.match(bare)
    return GONE + word[len(bare) :] if is_address else word


def redact(text: str) -> str:
    """The text without signed URLs, query strings, tokens, passwords in URLs, and email addresses."""
    for pattern, replacement in SECRETS:
        text = pattern.sub(replacement, text)
    return text


def summary(error: BaseException) -> str:
    """The type of the error, with its message if that can't quote what people have sent."""
    name = type(error).__qualname__
    kinds = {one.__name__ for one in type(error).__mro__}
    is_harmless = kinds & HARMLESS and not kinds & QUOTING
    message = redact(str(error)).strip() if is_harmless else ""
    return f"{name}: {message}" if message else name


def traceback_of(error: BaseException) -> str:
    """Where the error and its causes come from, the first one first: files, lines and code, but no values."""
    parts = []
    for each in reversed(list(causes(error))):
        parts += ["Traceback (most recent call last):\n", *traceback.format_tb(each.__traceback__), summary(each), "\n"]
    return "".join(parts).rstrip("\n")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, the one that led to it, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
