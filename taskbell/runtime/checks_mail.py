"""How `taskbell doctor` examines the way of emails."""

import os
import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.config.language import gettext as _
from taskbell.runtime.doctor import Finding

TIMEOUT_SECONDS = 10
ADMIN = "admin"


def mail(to: str) -> Iterator[Finding]:
    """The mail server accepts our sign-in, and a test email if there is an address for it."""
    what, host = _("Email"), settings.MAIL["host"]
    if not host:
        yield _folder(what, Path(settings.MAIL["folder"]))
        return
    recipient = _admin() if to == ADMIN else to
    if to and not recipient:
        fix = _("Add the address to an admin's account, or name one: --mail-to you@example.org")
        yield Finding(what, problem=_("No active admin has an email address."), fix=fix)
        return
    server = f"{host}:{settings.MAIL['port']}"
    try:
        _send(recipient)
    except (smtplib.SMTPException, OSError) as error:
        problem = _("%(server)s: %(error)s") % {"server": server, "error": error}
        fix = _("Correct EMAIL_URL, or EMAIL_HOST and the settings after it: host, port, TLS, username, password.")
        yield Finding(what, problem=problem, fix=fix)
        return
    yield Finding(
        what,
        (_("%(server)s accepted a test email") if recipient else _("%(server)s accepted the sign-in"))
        % {"server": server},
    )


def _folder(what: str, folder: Path) -> Finding:
    """Without a mail server, emails become files."""
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if os.access(nearest, os.W_OK):
        return Finding(
            what, _("no mail server is set, so emails are written to files in %(folder)s") % {"folder": folder}
        )
    problem = _("Can't write to %(folder)s.") % {"folder": folder}
    return Finding(what, problem=problem, fix=_("Make the folder writable for this user."))


def _admin() -> str:
    admin = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email="").order_by("pk").first()
    return admin.email if admin else ""


def _send(recipient: str) -> None:
    """Connects, starts TLS and signs in as senders do. Sends only if there is a recipient."""
    options: dict[str, Any] = {name: settings.MAIL[name] for name in ("host", "port", "username", "password")}
    backend = EmailBackend(
        **options, use_tls=settings.MAIL["use_tls"], use_ssl=settings.MAIL["use_ssl"], timeout=TIMEOUT_SECONDS
    )
    backend.open()
    try:
        if recipient:
            text = _("This is a test. Emails from Taskbell arrive.")
            message = EmailMessage(_("Test email from Taskbell"), text, settings.MAIL["sender"], [recipient])
            backend.send_messages([message])
    finally:
        backend.close()
