"""What the buttons in mails do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.common.clock import instant
from taskbell.common.errors import NotFound
from taskbell.common.recurrence import wall_time
from taskbell.notifications.kinds import find_kind
from taskbell.notifications.links import LinkAction
from taskbell.tasks.actions import update_task
from taskbell.tasks.models import Stage, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import snooze_task


@dataclass(frozen=True)
class Button:
    """A button: what it says, what it says afterwards, and what it does."""

    question: str
    done: str
    press: Callable[[LinkAction, User, datetime], None]


def _finish(deed: LinkAction, person: User, now: datetime) -> None:
    update_task(int(deed.about), TaskPatch(stage=Stage.COMPLETED), by=person, now=now)


def _in_an_hour(deed: LinkAction, person: User, now: datetime) -> None:
    snooze_task(int(deed.about), now + timedelta(hours=1), by=person, now=now)


def _tomorrow(deed: LinkAction, person: User, now: datetime) -> None:
    zone = person.profile.timezone
    day = wall_time(now, zone).date() + timedelta(days=1)
    snooze_task(int(deed.about), instant(day, time(9), zone), by=person, now=now)


def _unsubscribe(deed: LinkAction, person: User, now: datetime) -> None:
    update_profile(person, now=now, mail_preferences={str(deed.about): False})


BUTTONS = {
    "done": Button("Mark as done", "Done.", _finish),
    "snooze": Button("Remind me in an hour", "We will remind you in an hour.", _in_an_hour),
    "tomorrow": Button("Remind me tomorrow at 9:00", "We will remind you tomorrow at 9:00.", _tomorrow),
    "unsubscribe": Button("Stop these mails", "You will get no more mails of this kind.", _unsubscribe),
}


def subject_of(deed: LinkAction) -> tuple[User, str]:
    """Who presses, and what it is about in words. Raises NotFound where they may not see it (any more)."""
    person = User.objects.filter(pk=deed.person_id, is_active=True).select_related("profile").first()
    if person is None or deed.do not in BUTTONS:
        raise NotFound
    if deed.do == "unsubscribe":
        kind = find_kind(str(deed.about))
        return person, kind.label if kind else str(deed.about)
    task = Task.objects.visible_to(person).filter(pk=deed.about).first()
    if task is None:
        raise NotFound
    return person, task.title


def press(deed: LinkAction, *, now: datetime) -> None:
    """Does it, in the name of the person who got the mail. Raises NotFound, NotAllowed, Conflict, Blocked."""
    person, _ = subject_of(deed)
    BUTTONS[deed.do].press(deed, person, now)
