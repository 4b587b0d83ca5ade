"""Keeps secrets out of the logs, and keeps strangers from writing or flooding them."""

import logging
import re
from collections import Counter
from time import monotonic

# Anyone who has such a URL can use it.
SIGNED = re.compile(r"(/(?:mail|invite|setup|projects/join|email/[a-z]+|password/reset)/)[^\s\"'?]+")
CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {9: " ", 0x2028: " ", 0x2029: " "}
# A stranger can cause a thousand of their messages a second.
REACHED_BY_STRANGERS = (
    "uvicorn",
    "django.request",
    "django.security",
    "taskbell.api",
    "taskbell.live",
    "taskbell.port",
)
MAX_ALIKE, WINDOW_SECONDS = 10, 60.0


class WithoutSecrets(logging.Filter):
    """Removes the signed part of URLs from every log message, and makes it one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: messages are changed, never dropped."""
        message = record.getMessage()
        redacted = SIGNED.sub(r"\1…", message.rstrip().translate(CONTROL))
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True


class Sparingly(logging.Filter):
    """Of messages that strangers can cause, passes on only the first few alike in each minute."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: Counter[tuple[str, str]] = Counter()
        self._since = monotonic()

    def filter(self, record: logging.LogRecord) -> bool:
        """False for one message too many; the last one that passes says so."""
        if not record.name.startswith(REACHED_BY_STRANGERS):
            return True
        now = monotonic()
        if now - self._since > WINDOW_SECONDS:
            self._seen.clear()
            self._since = now
        alike = (record.name, str(record.msg))
        self._seen[alike] += 1
        if self._seen[alike] == MAX_ALIKE:
            record.msg, record.args = f"{record.getMessage()} (More of these are not logged for a minute.)", ()
        return self._seen[alike] <= MAX_ALIKE
