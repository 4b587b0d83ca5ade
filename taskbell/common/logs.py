"""What must not be in a log."""

import logging
import re

# Whoever has such an address may do what it is for.
SIGNED = re.compile(r"(/(?:mail|invite|password/reset)/)[^\s\"'?]+")


class WithoutSecrets(logging.Filter):
    """Takes the signed part out of addresses, whoever logs them; the message stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: nothing is left out but secrets."""
        message = record.getMessage()
        bare = SIGNED.sub(r"\1…", message)
        if bare != message:
            record.msg, record.args = bare, ()
        return True
