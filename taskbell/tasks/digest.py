"""The daily digest: tasks due within a day, sent at each person's chosen time."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from taskbell.accounts.models import Profile, User
from taskbell.common.clock import instant, wall_time
from taskbell.notifications.actions import Message, notify
from taskbell.tasks.models import Priority, Task
from taskbell.tasks.notifications import DUE_DIGEST

DIGEST_SPAN = timedelta(hours=24)
MAX_TASKS = 100
PROFILES_PER_BATCH = 200


def send_digests(now: datetime) -> int:
    """Writes the due digests; returns how many people were checked."""
    total = 0
    while seen := _send_batch(now):
        total += seen
    return total


@transaction.atomic
def _send_batch(now: datetime) -> int:
    due = Q(next_digest_at=None) | Q(next_digest_at__lte=now)
    wanted = Profile.objects.filter(due, digest_enabled=True, user__is_active=True).select_related("user")
    profiles = list(wanted.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:PROFILES_PER_BATCH])
    outcomes = defaultdict(list)  # people with the same zone and hour share one UPDATE
    for profile in profiles:
        _advance(profile, now=now)
        outcomes[profile.last_digest_on, profile.next_digest_at].append(profile.pk)
    for (last, following), keys in outcomes.items():
        Profile.objects.filter(pk__in=keys).update(last_digest_on=last, next_digest_at=following)
    return len(profiles)


def _advance(profile: Profile, *, now: datetime) -> None:
    """Writes today's digest if it is due, and computes when the next one is.

    However zone and hour change, each local day gets at most one digest, and no local day goes without. After an
    outage only the current day's digest is sent. People who join or switch the digest on after its hour get their
    first one tomorrow.
    """
    today = wall_time(now, profile.timezone).date()
    # Compared with today only: a local day can come again after a change of zone, but its key allows one digest.
    day = today + timedelta(days=profile.last_digest_on == today)
    at = _hour_of(profile, day)
    following = _hour_of(profile, day + timedelta(days=1))
    if at > now:
        profile.next_digest_at = at
        return
    if at > (profile.digest_since or profile.user.date_joined):
        _notify(profile.user, day, due_at=at, until=max(now + DIGEST_SPAN, following), now=now)
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
    """Open tasks assigned to the person, and their own unassigned ones, that are due from this digest to the next.

    The range begins at the digest's hour, however late it is sent, so that no task falls between two digests.
    """
    tasks = Task.objects.to_do_by(person).filter(due_at__gte=since, due_at__lt=until).order_by("due_at", "id")
    return [
        {
            "id": task.pk,
            "title": task.title,
            "priority": Priority(task.priority).label,
            "due": _due_text(task, person.profile.timezone),
        }
        for task in tasks[:MAX_TASKS]
    ]


def _due_text(task: Task, zone: str) -> str:
    """The due date; with a due time, both in the reader's time zone."""
    if task.due_at is not None and task.due_time is not None:
        return f"{wall_time(task.due_at, zone):%A, %-d %B, %H:%M}"
    return f"{task.due_date:%A, %-d %B}"
