"""Where the passphrase of a backup comes from: a file, the setting, or the keyboard. Never an argument."""

import sys
from getpass import getpass
from pathlib import Path

from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime.refusals import CannotStart

MIN_CHARACTERS = 12  # as for the setting


def passphrase_for_writing(file: Path | None, *, ask: bool) -> str | None:
    """The passphrase to encrypt with; None if nobody wants that. Raises CannotStart."""
    said = _said(file)
    if said or not ask:
        return said
    first = _typed(_("Passphrase: "))
    if first != _typed(_("Repeat the passphrase: ")):
        raise CannotStart(_("can't encrypt, because the two passphrases differ. Try again."))
    return first


def passphrase_for_reading(file: Path | None) -> str:
    """The passphrase to decrypt with. Raises CannotStart."""
    return _said(file) or _typed(_("Passphrase: "))


def _said(file: Path | None) -> str | None:
    if file is None:
        secret = environment().TASKBELL_BACKUP_PASSPHRASE
        return _checked(secret.get_secret_value()) if secret else None
    try:
        return _checked(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        said = _("--passphrase-file: can't read %(file)s (%(error)s).")
        raise CannotStart(said % {"file": file, "error": getattr(error, "strerror", error)}) from error


def _typed(question: str) -> str:
    if not sys.stdin.isatty():
        raise CannotStart(
            _("a passphrase is needed. Set TASKBELL_BACKUP_PASSPHRASE_FILE, or name a file with --passphrase-file.")
        )
    return _checked(getpass(question))


def _checked(text: str) -> str:
    """The same passphrase wherever it comes from: spaces and line breaks around it don't count."""
    text = text.strip()
    if len(text) < MIN_CHARACTERS:
        raise CannotStart(_("the passphrase must have at least %(n)d characters.") % {"n": MIN_CHARACTERS})
    return text
