"""What the templates of the app need beside Django's own tags."""

from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability

TINTS = ("", "b", "c", "d")  # of the circles with initials

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A symbol of icons.svg, hidden from screen readers: the words beside it say the same."""
    return mark_safe(_icon(name, size))  # noqa: S308 - escaped


@cache
def _icon(name: str, size: str) -> str:
    sheet = static("web/icons.svg")
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="{}#{}"/></svg>', f" {size}" if size else "", sheet, name
    )


@register.filter
def can(person: User, capability: str) -> bool:
    """True if the person's role grants the capability of this name."""
    return person.can(Capability[capability])


@register.filter
def initials(person: User) -> str:
    """One or two letters for a person."""
    words = (person.first_name, person.last_name) if person.first_name and person.last_name else (person.name,)
    return "".join(word[:1] for word in words).upper()


@register.filter
def tint(person: User) -> str:
    """The class of the person's circle, always the same."""
    return TINTS[person.pk % len(TINTS)]


@register.filter
def translated(text: str) -> str:
    """A sentence that is stored in English; others, such as those of a mail server, stay as they are."""
    return gettext(text) if text else ""


@register.filter
def day(dates: Any, at: Any) -> str:
    """The day of a date or moment, as Dates says it."""
    return str(dates.day(at.astimezone(dates.zone).date() if hasattr(at, "astimezone") else at))


@register.filter
def moment(dates: Any, at: Any) -> str:
    """Day and time, as Dates says them."""
    return str(dates.moment(at))


@register.filter
def in_sentence(said: str, dates: Any) -> str:
    """What `moment` or `day` say, for the middle of a sentence."""
    return str(dates.in_sentence(said))


@register.filter
def until(dates: Any, at: Any) -> str:
    """How long from now."""
    return str(dates.until(at))
