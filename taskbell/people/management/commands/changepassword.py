"""Django's `changepassword`, which also signs the person out and notifies them."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.people.passwords import password_was_set


class Command(changepassword.Command):
    """The command of the same name in `django.contrib.auth` comes later in INSTALLED_APPS, so this one is used."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        answer: str | None = super().handle(*args, **options)
        person, now = User.objects.get(username=options["username"] or getpass.getuser()), utc_now()
        password_was_set(person, by=None, now=now)
        return answer
