"""Keeps secrets out of the logs."""

import logging
import re

# Anyone who has such a URL can use it.
SIGNED = re.compile(r"(/(?:mail|invite|password/reset)/)[^\s\"'?]+")


class WithoutSecrets(logging.Filter):
    """Removes the signed part of URLs from every log message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: messages are changed, never dropped."""
        message = record.getMessage()
        redacted = SIGNED.sub(r"\1…", message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True
