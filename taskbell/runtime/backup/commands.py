"""`taskbell backup` and `taskbell restore`."""

import sys
from datetime import datetime
from pathlib import Path

import typer
from django.db import connection
from rich.console import Console

from taskbell.common.clock import utc_now
from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime.backup.archive import is_sealed
from taskbell.runtime.backup.making import make
from taskbell.runtime.backup.manifest import Existing, Manifest, in_words
from taskbell.runtime.backup.passphrase import passphrase_for_reading, passphrase_for_writing
from taskbell.runtime.backup.restoring import key_problem, restore
from taskbell.runtime.backup.tables import named
from taskbell.runtime.files import claim_data_folder
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.restored import checked_moment
from taskbell.runtime.setup import check_database, reach_database


def back_up(file: Path, passphrase_file: Path | None, *, encrypt: bool, force: bool) -> None:
    """Writes a backup, and prints what is in it."""
    if file.exists() and not (force and file.is_file()):
        raise CannotStart(_("can't write %(file)s, because it exists. Choose another name.") % {"file": file})
    check_database()
    passphrase = passphrase_for_writing(passphrase_file, ask=encrypt)
    manifest = make(file, passphrase, now=utc_now(), replace=force)
    said = _("Wrote %(file)s: %(counts)s.") % {"file": file, "counts": in_words(manifest.counts)}
    secret = _("It is encrypted.") if passphrase else _("It is not encrypted: keep it as secret as the data.")
    Console(soft_wrap=True).print(f"{said}\n{secret}", highlight=False, markup=False)


def bring_back(file: Path, passphrase_file: Path | None, *, sent_until: datetime | None, force: bool) -> None:
    """Restores a backup, and prints what is in it and what to do next."""
    moment = checked_moment(sent_until) if sent_until else None
    lock = claim_data_folder(environment().data)  # kept until the process ends
    if connection.vendor != "sqlite":  # whose file may be damaged: that is what the backup is for
        reach_database()
    passphrase = _passphrase(file, passphrase_file, force=force)

    def confirm(existing: Existing | None, manifest: Manifest) -> None:
        lost = _in_words(existing)
        if lost and not force:
            made = f"{manifest.made:%Y-%m-%d %H:%M:%S}"
            _ask(
                _("This replaces %(lost)s with the backup of %(made)s UTC. Continue?") % {"lost": lost, "made": made},
                _("can't restore, because this would replace %(lost)s. Add --force if you want that.") % {"lost": lost},
            )

    manifest = restore(file, passphrase, sent_until=moment, confirm=confirm)
    lines = [
        _("Restored %(counts)s, as they were on %(moment)s UTC.")
        % {"counts": in_words(manifest.counts), "moment": f"{manifest.made:%Y-%m-%d %H:%M:%S}"},
        *key_problem(manifest),
    ]
    if moment is None:
        lines.append(
            _(
                "If the server went on after this backup, run 'taskbell after-restore --sent-until' with the time at "
                "which it last ran: otherwise, emails that it sent since the backup are sent again."
            )
        )
    Console(soft_wrap=True).print("\n".join(lines), highlight=False, markup=False)
    del lock


def _passphrase(file: Path, passphrase_file: Path | None, *, force: bool) -> str | None:
    """The passphrase that opens the file; None if it isn't encrypted. Raises CannotStart if it should have been.

    Somebody may have put another file in the place of an encrypted one.
    """
    try:
        if is_sealed(file):
            return passphrase_for_reading(passphrase_file)
    except OSError as error:
        raise CannotStart(_("can't read %(file)s (%(error)s).") % {"file": file, "error": error.strerror}) from error
    if passphrase_file:
        said = _("--passphrase-file: %(file)s is not encrypted. Leave the option out if you trust the file.")
        raise CannotStart(said % {"file": file})
    if environment().TASKBELL_BACKUP_PASSPHRASE and not force:
        said = _("%(file)s is not encrypted, although TASKBELL_BACKUP_PASSPHRASE is set.") % {"file": file}
        _ask(f"{said} {_('Continue?')}", f"{said} {_('Add --force if you trust the file.')}")
    return None


def _in_words(existing: Existing | None) -> str:
    """What would be lost; empty for nothing."""
    if existing is None:
        return _("a database that can't be read")
    lost = [in_words(existing.counts)] if any(existing.counts.values()) else []
    if existing.others:
        lost.append(_("tables that aren't Taskbell's (%(tables)s)") % {"tables": named(existing.others)})
    return ", ".join(lost)


def _ask(question: str, refusal: str) -> None:
    """Asks at a terminal. Raises CannotStart if the answer is no, or if nobody can be asked."""
    if not sys.stdin.isatty():
        raise CannotStart(refusal)
    if not typer.confirm(question):
        raise CannotStart(_("nothing was changed."))
