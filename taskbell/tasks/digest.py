"""Every morning: what is due today, at each person's own hour."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from taskbell.accounts.models import Profile, User
from taskbell.common.clock import instant
from taskbell.common.recurrence import wall_time
from taskbell.notifications.actions import Message, notify
from taskbell.tasks.models import Priority, Task
from taskbell.tasks.notifications import DUE_DIGEST

AHEAD = timedelta(hours=24)
MOST_TASKS = 100
BATCH = 200


def send_digests(now: datetime) -> int:
    """Writes the digests that are due; says for how many people it looked."""
    total = 0
    while seen := _send_batch(now):
        total += seen
    return total


@transaction.atomic
def _send_batch(now: datetime) -> int:
    due = Q(next_digest_at=None) | Q(next_digest_at__lte=now)
    wanted = Profile.objects.filter(due, digest_enabled=True, user__is_active=True).select_related("user")
    profiles = list(wanted.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:BATCH])
    outcomes = defaultdict(list)  # people of one zone and hour have the same
    for profile in profiles:
        _advance(profile, now=now)
        outcomes[profile.last_digest_on, profile.next_digest_at].append(profile.pk)
    for (last, following), keys in outcomes.items():
        Profile.objects.filter(pk__in=keys).update(last_digest_on=last, next_digest_at=following)
    return len(profiles)


def _advance(profile: Profile, *, now: datetime) -> None:
    """Sends today's digest if its hour has come, and works out when the next one is.

    Whatever happens to zone and hour, each local day has one digest at the most, and no day that the
    person lives through goes without. Of days that were missed, only the present one counts, and whoever
    joins or switches it on after the hour gets the first one tomorrow.
    """
    today = wall_time(now, profile.timezone).date()
    # Only today counts, not how far the person has come: who travels back lives a day that was left out before.
    # One that had its digest already does not get another, because of the key.
    day = today + timedelta(days=profile.last_digest_on == today)
    at = _hour_of(profile, day)
    following = _hour_of(profile, day + timedelta(days=1))
    if at > now:
        profile.next_digest_at = at
        return
    if at > (profile.digest_since or profile.user.date_joined):
        _notify(profile.user, day, due_at=at, until=max(now + AHEAD, following), now=now)
        profile.last_digest_on = day
    profile.next_digest_at = following


def _hour_of(profile: Profile, day: date) -> datetime:
    return instant(day, profile.digest_at, profile.timezone)


def _notify(person: User, day: date, *, due_at: datetime, until: datetime, now: datetime) -> None:
    tasks = _due_soon(person, since=due_at, until=until)
    if tasks:
        key = f"digest:{person.pk}:{day.isoformat()}"
        notify([Message(person.pk, DUE_DIGEST, key=key, due_at=due_at, data={"tasks": tasks})], now=now)


def _due_soon(person: User, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What the person has to do within a day: what is assigned to them, and what they made for nobody.

    From the hour of this digest, however late it is sent, to that of the next, however long the day: what is due
    between the two is in one of them.
    """
    tasks = Task.objects.to_do_by(person).filter(due_at__gte=since, due_at__lt=until).order_by("due_at", "id")
    return [
        {
            "id": task.pk,
            "title": task.title,
            "priority": Priority(task.priority).label,
            "due": _due_in_words(task, person.profile.timezone),
        }
        for task in tasks[:MOST_TASKS]
    ]


def _due_in_words(task: Task, zone: str) -> str:
    """The day that was meant; a moment as the reader's clock shows it."""
    if task.due_at is not None and task.due_time is not None:
        return f"{wall_time(task.due_at, zone):%A, %-d %B, %H:%M}"
    return f"{task.due_date:%A, %-d %B}"
