"""The forms: which fields there are and what they are called. The rules are those of the actions."""

from collections import defaultdict
from functools import cache
from typing import Any

from django import forms

from taskbell.common.clock import time_zones

Choices = list[tuple[str, str | list[tuple[str, str]]]]
DIGEST = "due_digest"
# What people may do without, in words that follow "Send me a mail when".
MAILS = {
    "reminder": "A reminder is due",
    "task_assigned": "A task is given to me",
    "task_updated": "Somebody else changes a task of mine",
    "unblocked": "A task of mine can begin: nothing is in its way any more",
    "overdue": "A task of mine is overdue",
}
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def _text(
    label: str, *, autocomplete: str, required: bool = True, help_text: str = "", **attrs: str
) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})
    return forms.CharField(label=label, required=required, help_text=help_text, widget=widget)


def _email(label: str = "E-mail address") -> forms.CharField:
    # Text for Django, so that the one who judges an address is accounts/validation.py.
    return forms.CharField(label=label, widget=forms.EmailInput(attrs={"autocomplete": "email"}))


def _password(label: str, *, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, help_text=help_text, widget=widget)


def _new_password(label: str = "New password") -> forms.CharField:
    return _password(label, autocomplete="new-password", help_text="At least 8 characters, and not an obvious word.")


def _time(label: str, *, required: bool = True) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=required, widget=widget)


class PageForm(forms.Form):
    """A form of ours: its labels end without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class SignUpForm(PageForm):
    """What somebody tells of themselves to get an account."""

    first_name = _text("First name", autocomplete="given-name", required=False)
    last_name = _text("Last name", autocomplete="family-name", required=False)
    email = _email()
    username = _text(
        "Username",
        autocomplete="username",
        required=False,
        help_text="If empty, your address is your username.",
        autocapitalize="none",
        spellcheck="false",
    )
    password = _new_password("Password")


class JoinForm(SignUpForm):
    """What somebody tells who was invited: all but the address, which the invitation is for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].disabled = True  # whatever is sent, the value of the invitation counts


class SignInForm(PageForm):
    """Who somebody says they are."""

    identifier = _text("Username or e-mail address", autocomplete="username", autocapitalize="none", spellcheck="false")
    password = _password("Password", autocomplete="current-password")


class AskResetForm(PageForm):
    """Where to send the link."""

    email = _email()


class ResetPasswordForm(PageForm):
    """The new password of somebody who came by the link."""

    new_password = _new_password()


class ChangePasswordForm(PageForm):
    """The old password and the new one."""

    old_password = _password("Present password", autocomplete="current-password")
    new_password = _new_password()


class ProfileForm(PageForm):
    """How a person is called, of what they are told, and when."""

    first_name = _text("First name", autocomplete="given-name", required=False)
    last_name = _text("Last name", autocomplete="family-name", required=False)
    timezone = forms.ChoiceField(label="Time zone", choices=[], help_text="Due dates and the daily mail follow it.")
    digest_enabled = forms.BooleanField(label="Send me a daily mail of what is due", required=False)
    digest_at = _time("At this time of day")
    quiet_from = _time("From", required=False)
    quiet_until = _time("Until", required=False)
    quiet_reminders = forms.BooleanField(label="Reminders wait as well", required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, label in MAILS.items():
            self.fields[mail_field(kind)] = forms.BooleanField(label=label, required=False)
        older_spelling = [] if zone in _offered_zones() else [(zone, zone)]
        self.fields["timezone"].choices = [*older_spelling, *zone_choices()]  # type: ignore[attr-defined]

    def mails(self) -> list[forms.BoundField]:
        """A box for each kind of mail but the daily one, which has an hour as well."""
        return [self[mail_field(kind)] for kind in MAILS]

    def changes(self) -> dict[str, Any]:
        """What is asked for, by the names of the profile."""
        given = dict(self.cleaned_data)
        wanted = {kind: given.pop(mail_field(kind)) for kind in MAILS}
        # One box for two switches: who stopped the daily mail by its link gets it again by this box.
        return given | {"mail_preferences": wanted | {DIGEST: given["digest_enabled"]}}


def mail_field(kind: str) -> str:
    """The name of the box for a kind of mail."""
    return f"mail_{kind}"


@cache
def _offered_zones() -> frozenset[str]:
    """Names by region; the rest of the database are older spellings of the same zones."""
    return frozenset(zone for zone in time_zones() if zone.partition("/")[0] in REGIONS) | {"UTC"}


@cache
def zone_choices() -> Choices:
    """Every zone under its part of the world, as a select shows them."""
    cities: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for zone in sorted(_offered_zones() - {"UTC"}):
        region, _, city = zone.partition("/")
        cities[region].append((zone, city.replace("_", " ").replace("/", ", ")))
    return [("UTC", "UTC"), *cities.items()]
