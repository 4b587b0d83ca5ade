"""Where the passphrase of a backup comes from: a file, the setting, or the keyboard. Never an argument."""

import sys
from getpass import getpass
from pathlib import Path

from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime.refusals import CannotStart


def passphrase_for_writing(file: Path | None, *, ask: bool) -> str | None:
    """The passphrase to encrypt with; None if nobody wants that. Raises CannotStart."""
    said = _said(file)
    if said or not ask:
        return said
    first = _typed(_("Passphrase: "))
    if first != _typed(_("The same again: ")):
        raise CannotStart(_("can't encrypt, because the two passphrases differ. Try again."))
    return first


def passphrase_for_reading(file: Path | None) -> str:
    """The passphrase to decrypt with. Raises CannotStart."""
    return _said(file) or _typed(_("Passphrase: "))


def _said(file: Path | None) -> str | None:
    if file is None:
        secret = environment().TASKBELL_BACKUP_PASSPHRASE
        return secret.get_secret_value() if secret else None
    try:
        text = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        said = _("--passphrase-file: can't read %(file)s (%(error)s).")
        raise CannotStart(said % {"file": file, "error": getattr(error, "strerror", error)}) from error
    if not text:
        raise CannotStart(_("--passphrase-file: %(file)s must not be empty.") % {"file": file})
    return text


def _typed(question: str) -> str:
    if not sys.stdin.isatty():
        raise CannotStart(
            _("a passphrase is needed. Set TASKBELL_BACKUP_PASSPHRASE_FILE, or name a file with --passphrase-file.")
        )
    text = getpass(question)
    if not text:
        raise CannotStart(_("the passphrase must not be empty. Try again."))
    return text
