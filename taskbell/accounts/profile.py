"""Changing a person's profile and account data."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import Profile, User
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.accounts.validation import EMAIL_TAKEN, USERNAME_TAKEN, check_email, check_names, check_username
from taskbell.common.errors import Conflict, FieldError, invalid, refuse
from taskbell.common.folding import derived_from
from taskbell.common.text import folded
from taskbell.common.values import BadValue, read_choice, read_fields, read_number, read_zone

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
THEMES, CLOCKS = ("", "light", "dark"), ("", "12", "24")
# The time of the next digest depends on these.
DIGEST_FIELDS = {"timezone", "digest_at", "digest_enabled"}
PERSON_FIELDS = ("email", "username", "first_name", "last_name")


def _read_colour(value: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", value):
        raise BadValue(_("Must be a colour such as #3b6ea5."))
    return value


def _read_weekday(value: int | None) -> int | None:
    return None if value is None else read_number(value, least=0, most=6)


# The door has already parsed booleans and times.
READERS: Mapping[str, Callable[[Any], Any]] = {
    "timezone": read_zone,
    "language": partial(read_choice, choices=LANGUAGES),
    "avatar_colour": _read_colour,
    "theme": partial(read_choice, choices=THEMES),
    "clock": partial(read_choice, choices=CLOCKS),
    "first_weekday": _read_weekday,
    **dict.fromkeys(("digest_enabled", "digest_at", "digest_overdue", "mail_preferences"), lambda value: value),
    **dict.fromkeys(("quiet_from", "quiet_until", "quiet_reminders", "task_quota", "single_keys"), lambda value: value),
}


def update_profile(person: User, *, now: datetime, **changes: Any) -> User:
    """Applies all changes, or none.

    Raises Invalid naming every invalid field, or Conflict if the username or email address is taken.
    """
    own = _checked_person(person, {name: value for name, value in changes.items() if name in PERSON_FIELDS})
    settings = _checked_profile({name: value for name, value in changes.items() if name not in PERSON_FIELDS})
    _check_quiet_hours(person.profile, settings)
    if "mail_preferences" in settings:
        settings["mail_preferences"] = person.profile.mail_preferences | settings["mail_preferences"]
    try:
        with transaction.atomic():
            _write(person, own)
            _write(person.profile, settings | _digest_changes(person.profile, settings, now=now))
    except IntegrityError as error:
        person.refresh_from_db()
        is_email = User.objects.filter(email=own["email"]).exclude(pk=person.pk).exists()
        raise Conflict(_(EMAIL_TAKEN) if is_email else _(USERNAME_TAKEN)) from error
    return person


def _digest_changes(profile: Profile, settings: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Resets the time of the next digest if its settings change. Switching it on starts with the next digest time."""
    if not settings.keys() & DIGEST_FIELDS:
        return {}
    is_switched_on = settings.get("digest_enabled", False) and not profile.digest_enabled
    return {"next_digest_at": None} | ({"digest_since": now} if is_switched_on else {})


def _checked_person(person: User, given: Mapping[str, Any]) -> dict[str, Any]:
    """What changes about the person. What stays as it is was accepted before."""
    changed = {name: value for name, value in given.items() if value != getattr(person, name)}
    follows = "email" in changed and "username" not in changed and person.username_key == person.email
    email = changed["email"] = check_email(changed["email"]) if "email" in changed else person.email
    if follows:
        changed["username"] = email  # a username that is the email address
    if "username" in changed:
        changed["username"] = check_username(changed["username"], email=email)
        changed["username_key"] = folded(changed["username"])
    names = {name: changed[name] for name in ("first_name", "last_name") if name in changed}
    return changed | check_names(**names)


def _checked_profile(given: Mapping[str, Any]) -> dict[str, Any]:
    settings, errors = read_fields(given, READERS)
    for kind in sorted(given.get("mail_preferences", {}).keys() - MAIL_SWITCHES.keys())[:1]:
        message = _("Must be one of %(choices)s.") % {"choices": ", ".join(MAIL_SWITCHES)}
        errors["mail_preferences"] = FieldError(f"mail_preferences.{kind[:50]}", "unknown", message)
    refuse(errors.values())
    return settings


def _write(row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    if values:
        row.save(update_fields=[*values, *derived_from(row, values)])


def _check_quiet_hours(profile: Profile, settings: Mapping[str, Any]) -> None:
    names = ("quiet_from", "quiet_until")
    missing = [name for name in names if settings.get(name, getattr(profile, name)) is None]
    if len(missing) == 1 and settings.keys() & set(names):
        raise invalid(missing[0], "required", _("Quiet hours need both a start and an end."))
