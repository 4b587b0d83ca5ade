"""The buttons in emails, and what each one does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.common.clock import instant, wall_time
from taskbell.common.errors import NotFound
from taskbell.notifications.kinds import find_kind
from taskbell.notifications.links import LinkAction
from taskbell.tasks.actions import update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import snooze_task


@dataclass(frozen=True)
class Button:
    """A button: its label, the message after pressing it, and its action."""

    question: str
    done: str
    press: Callable[[LinkAction, User, datetime], None]


def _finish(link: LinkAction, person: User, now: datetime) -> None:
    update_task(int(link.about), TaskPatch(stage=Stage.COMPLETED), by=person, now=now)


def _in_an_hour(link: LinkAction, person: User, now: datetime) -> None:
    snooze_task(int(link.about), now + timedelta(hours=1), by=person, now=now)


def _tomorrow(link: LinkAction, person: User, now: datetime) -> None:
    zone = person.profile.timezone
    day = wall_time(now, zone).date() + timedelta(days=1)
    snooze_task(int(link.about), instant(day, time(9), zone), by=person, now=now)


def _unsubscribe(link: LinkAction, person: User, now: datetime) -> None:
    update_profile(person, now=now, mail_preferences={str(link.about): False})


BUTTONS = {
    "done": Button(gettext_noop("Mark as done"), gettext_noop("Done."), _finish),
    "snooze": Button(gettext_noop("Remind me in an hour"), gettext_noop("We will remind you in an hour."), _in_an_hour),
    "tomorrow": Button(
        gettext_noop("Remind me tomorrow at 9:00"), gettext_noop("We will remind you tomorrow at 9:00."), _tomorrow
    ),
    "unsubscribe": Button(
        gettext_noop("Unsubscribe from these emails"),
        gettext_noop("You are unsubscribed from these emails."),
        _unsubscribe,
    ),
}


def subject_of(link: LinkAction) -> tuple[User, str]:
    """The person, and the task's title, or the profile's switch for the kind of email.

    Raises NotFound if they can no longer see the task.
    """
    person = User.objects.filter(pk=link.person_id, is_active=True).select_related("profile").first()
    if person is None or link.do not in BUTTONS:
        raise NotFound
    if link.do == "unsubscribe":
        kind = find_kind(str(link.about))
        if kind and kind.switch:
            return person, _("Email me when: %(what)s") % {"what": _(kind.switch)}
        return person, _(kind.title) if kind else str(link.about)
    task = Task.objects.visible_to(person).filter(pk=link.about).first()
    if task is None:
        raise NotFound
    return person, task.title


def press(link: LinkAction, *, now: datetime) -> None:
    """Runs the action as the person who got the email. Raises NotFound, NotAllowed, Conflict, Blocked."""
    person = subject_of(link)[0]
    BUTTONS[link.do].press(link, person, now)
