"""The kinds of notifications. The feature that sends a kind says everything about it, in one place.

The modules listed in the setting NOTIFICATION_KINDS each have their kinds in `KINDS`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_lazy

from taskbell.accounts.preferences import MAIL_SWITCHES

if TYPE_CHECKING:
    from taskbell.accounts.models import Profile
    from taskbell.notifications.models import Notification


@dataclass(frozen=True)
class Kind:
    """A kind of notification. Its email templates are in the folder of the same name.

    `reason_not_to_send` is asked again right before each attempt. `context` adds what the templates need, when the
    email is rendered. A `compiled` email is rendered through a form (`channels/mail/templates.py`), because thousands
    can be due in one second.
    """

    name: str
    title: str = ""  # in lists of notifications and emails, to be translated there
    switch: str | None = None  # the label of its switch in the profile; None: people can't switch it off
    shows_in_app: bool = True
    for_unconfirmed: bool = False  # also sent to unconfirmed addresses, such as the link that confirms one
    # The recipient asked for it: a few a day are sent to an unconfirmed address.
    is_own: Callable[["Notification"], bool] = lambda _: False
    ignores_quiet_hours: Callable[["Profile"], bool] = lambda _: False
    reason_not_to_send: Callable[["Notification"], str | None] = lambda _: None
    context: Callable[["Notification"], dict[str, Any]] = lambda _: {}
    about: Callable[["Notification"], str] = lambda _: ""  # its title in a summary, if that is not the task's
    has_buttons: bool = False  # done, snooze and tomorrow, for the task
    compiled: bool = False
    is_gathered: bool = False  # about a change: what one person causes within a minute becomes one email


_registered: dict[str, Kind] = {}


def load(modules: Iterable[str]) -> None:
    for module in modules:
        for kind in import_module(module).KINDS:
            _registered[kind.name] = kind
            if kind.switch is not None:
                MAIL_SWITCHES[kind.name] = kind.switch


def registered() -> list[Kind]:
    return list(_registered.values())


def find_kind(name: str) -> Kind | None:
    """The kind of this name; None for one that no feature sends any more."""
    return _registered.get(name)


def choices() -> list[tuple[str, Any]]:
    """Names and titles, as a model field takes them."""
    return [(kind.name, gettext_lazy(kind.title)) for kind in registered()]


def title_of(name: str) -> str:
    """The title of the kind, in the language of the reader."""
    kind = find_kind(name)
    return gettext(kind.title) if kind else gettext("Message")


def hidden_in_app() -> list[str]:
    """The names of the kinds that are of no use to a person who is signed in."""
    return [kind.name for kind in registered() if not kind.shows_in_app]
