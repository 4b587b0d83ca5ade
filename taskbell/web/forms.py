"""The forms: their fields and labels. The rules live in the actions."""

from collections import defaultdict
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.common.clock import time_zones

Choices = list[tuple[Any, str | list[tuple[str, str]]]]
DIGEST = "due_digest"
# The labels continue "Email me when". The digest has an hour beside its switch.
MAIL_LABELS = {kind: label for kind, label in MAIL_SWITCHES.items() if kind != DIGEST}
WEEKDAYS = [("", _("Language default")), (0, _("Monday")), (5, _("Saturday")), (6, _("Sunday"))]
CLOCKS = [("", _("Language default")), ("24", _("24 hours, 16:30")), ("12", _("12 hours, 4:30 PM"))]
THEMES = [("", _("Same as this device")), ("light", _("Light")), ("dark", _("Dark"))]
REGIONS = (
    gettext_noop("Africa"),
    gettext_noop("America"),
    gettext_noop("Antarctica"),
    gettext_noop("Arctic"),
    gettext_noop("Asia"),
    gettext_noop("Atlantic"),
    gettext_noop("Australia"),
    gettext_noop("Europe"),
    gettext_noop("Indian"),
    gettext_noop("Pacific"),
)


def _text(
    label: Any, *, autocomplete: str, required: bool = True, help_text: Any = "", **attrs: str
) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})
    return forms.CharField(label=label, required=required, help_text=help_text, widget=widget)


def _email(label: Any = None) -> forms.CharField:
    # Plain text for Django: accounts/validation.py alone decides what a valid address is.
    return forms.CharField(label=label or _("Email address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


def _password(label: Any, *, autocomplete: str, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, help_text=help_text, widget=widget)


def _new_password(label: Any = None) -> forms.CharField:
    return _password(
        label or _("New password"),
        autocomplete="new-password",
        help_text=_("At least 8 characters, and not a common password."),
    )


def _time(label: Any, *, required: bool = True) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=required, widget=widget)


class PageForm(forms.Form):
    """Base of our forms: labels without a trailing colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class SignUpForm(PageForm):
    first_name = _text(_("First name"), autocomplete="given-name", required=False)
    last_name = _text(_("Last name"), autocomplete="family-name", required=False)
    email = _email()
    username = _text(
        _("Username"),
        autocomplete="username",
        required=False,
        help_text=_("Everyone here can read it. If you leave this empty, it is made from your email address."),
        autocapitalize="none",
        spellcheck="false",
    )
    password = _new_password(_("Password"))

    # Filled in by the script, from the device.
    timezone = forms.CharField(required=False, widget=forms.HiddenInput)


class JoinForm(SignUpForm):
    """Create an account by invitation; the email address is fixed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].disabled = True  # Django then ignores submitted values and keeps the invitation's


class SignInForm(PageForm):
    identifier = _text(
        _("Username or email address"), autocomplete="username", autocapitalize="none", spellcheck="false"
    )
    password = _password(_("Password"), autocomplete="current-password")


class AskResetForm(PageForm):
    email = _email()


class ResetPasswordForm(PageForm):
    """Choose a new password, on the page behind the emailed link."""

    new_password = _new_password()


class ChangePasswordForm(PageForm):
    old_password = _password(_("Current password"), autocomplete="current-password")
    new_password = _new_password()


class ChangeEmailForm(PageForm):
    email = _email(_("New email address"))
    current_password = _password(_("Current password"), autocomplete="current-password")


class LookForm(PageForm):
    """Name, time zone, language, and how pages look."""

    first_name = _text(_("First name"), autocomplete="given-name", required=False)
    last_name = _text(_("Last name"), autocomplete="family-name", required=False)
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=[], help_text=_("Used for due dates and the daily digest.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    first_weekday = forms.TypedChoiceField(
        label=_("First day of the week"), choices=WEEKDAYS, coerce=int, empty_value=None, required=False
    )
    clock = forms.ChoiceField(label=_("Time format"), choices=CLOCKS, required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=THEMES, required=False)
    single_keys = forms.BooleanField(label=_("Single-key shortcuts"), required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        legacy_name = [] if zone in _offered_zones() else [(zone, zone)]
        self.fields["timezone"].choices = [*legacy_name, *zone_choices()]  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """The submitted values under the profile's field names."""
        return dict(self.cleaned_data)


class MailForm(PageForm):
    """Which emails a person gets, and when."""

    digest_enabled = forms.BooleanField(label=_("Email me a daily digest of due tasks"), required=False)
    digest_at = _time(_("Time of day"))
    digest_overdue = forms.BooleanField(label=_("List overdue tasks too"), required=False)
    quiet_from = _time(_("From"), required=False)
    quiet_until = _time(_("Until"), required=False)
    quiet_reminders = forms.BooleanField(label=_("Hold reminders too"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, label in MAIL_LABELS.items():
            self.fields[mail_field(kind)] = forms.BooleanField(label=gettext(label), required=False)

    def mails(self) -> list[forms.BoundField]:
        """A checkbox for each kind of email except the digest, which has fields of its own."""
        return [self[mail_field(kind)] for kind in MAIL_LABELS]

    def changes(self) -> dict[str, Any]:
        """The submitted values under the profile's field names."""
        given = dict(self.cleaned_data)
        wanted = {kind: given.pop(mail_field(kind)) for kind in MAIL_LABELS}
        # One checkbox sets both switches, so it also undoes an unsubscribe by the link in the digest.
        return given | {"mail_preferences": wanted | {DIGEST: given["digest_enabled"]}}


def mail_field(kind: str) -> str:
    """The name of the checkbox for a kind of email."""
    return f"mail_{kind}"


@cache
def _offered_zones() -> frozenset[str]:
    """Zones named by region; the other names in the database are legacy aliases."""
    return frozenset(zone for zone in time_zones() if zone.partition("/")[0] in REGIONS) | {"UTC"}


@cache
def zone_choices() -> Choices:
    """Every zone, grouped by region for a select."""
    cities: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for zone in sorted(_offered_zones() - {"UTC"}):
        region, _slash, city = zone.partition("/")
        cities[region].append((zone, city.replace("_", " ").replace("/", ", ")))
    return [("UTC", "UTC"), *((_(region), zones) for region, zones in cities.items())]


class ProjectForm(PageForm):
    """A project; sharing/projects.py has its rules."""

    name = _text(_("Name"), autocomplete="off")
    description = forms.CharField(label=_("Description"), required=False, strip=False, widget=forms.Textarea)
    colour = forms.CharField(label=_("Colour"))
