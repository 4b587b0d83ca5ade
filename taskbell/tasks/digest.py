"""The daily digest: tasks due within a day and overdue ones, sent at each person's chosen time."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import override

from taskbell.accounts.models import Profile, User
from taskbell.common.clock import instant, wall_time
from taskbell.common.locks import in_batches
from taskbell.common.wording import DAY, DAY_OF_THE_YEAR, TIME, in_words
from taskbell.notifications.messages import Message, notify
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Task, TaskQuerySet
from taskbell.tasks.notifications import DUE_DIGEST

MAX_TASKS = 100
MAX_OVERDUE = 20
PROFILES_PER_BATCH = 50  # each takes some reads, while no one else can write to SQLite
# From noon on, a digest also lists tasks of the next date, because most of its 24 hours are on that date.
NOON = time(12)


@dataclass(frozen=True)
class Digest:
    """One digest of a person: its local day, its instant, and the instant of the next one."""

    person: User
    day: date
    at: datetime
    until: datetime


def send_digests(now: datetime) -> int:
    """Writes the due digests; returns how many people were checked."""
    return in_batches(lambda: _send_batch(now))


@transaction.atomic
def _send_batch(now: datetime) -> int:
    due = Q(next_digest_at=None) | Q(next_digest_at__lte=now)
    wanted = Profile.objects.filter(due, digest_enabled=True, user__is_active=True).select_related("user")
    profiles = list(wanted.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:PROFILES_PER_BATCH])
    outcomes = defaultdict(list)  # people with the same zone and hour share one UPDATE
    messages = []
    for profile in profiles:
        digest = _advance(profile, now=now)
        messages += _messages(digest) if digest else []
        outcomes[profile.last_digest_on, profile.next_digest_at].append(profile.pk)
    if messages:
        notify(messages, now=now)
    for (last, following), keys in outcomes.items():
        Profile.objects.filter(pk__in=keys).update(last_digest_on=last, next_digest_at=following)
    return len(profiles)


def _advance(profile: Profile, *, now: datetime) -> Digest | None:
    """Today's digest if it is due; computes when the next one is.

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
        return None
    profile.next_digest_at = following
    if at <= (profile.digest_since or profile.user.date_joined):
        return None
    profile.last_digest_on = day
    return Digest(profile.user, day, at, until=following)


def _hour_of(profile: Profile, day: date) -> datetime:
    return instant(day, profile.digest_at, profile.timezone)


def _messages(digest: Digest) -> list[Message]:
    """The digest as a message; none if it would be empty."""
    person, mine = digest.person, Task.objects.to_do_by(digest.person)
    tasks = _due(digest, mine).order_by("due_at", "id")[:MAX_TASKS]
    data: dict[str, Any] = {"tasks": [_line(task, digest) for task in tasks]}
    if person.profile.digest_overdue:
        data |= _overdue(digest, mine)
    if not (data["tasks"] or data.get("overdue")):
        return []
    key = f"digest:{person.pk}:{digest.day.isoformat()}"
    return [Message(person.pk, DUE_DIGEST, key=key, due_at=digest.at, data=data)]


def _due(digest: Digest, tasks: TaskQuerySet) -> TaskQuerySet:
    """Of these tasks, those that are due from this digest to the next.

    The range begins at the digest's hour, however late it is sent, so that no task falls between two digests. A task
    without a due time belongs to the digest of its date, whatever its time zone, and to that of the evening before.
    If its day ends in its zone by the next digest, it belongs to this one.
    """
    by_time = Q(due_time__isnull=False, due_at__gte=digest.at, due_at__lt=digest.until)
    tomorrow = digest.day + timedelta(days=digest.person.profile.digest_at >= NOON)
    on_its_day = Q(due_date__range=(digest.day, tomorrow)) | Q(due_date__gt=digest.day, due_at__lte=digest.until)
    return tasks.filter(by_time | Q(on_its_day, due_time=None, due_at__gt=digest.at))


def _overdue(digest: Digest, tasks: TaskQuerySet) -> dict[str, Any]:
    """Of these tasks, those whose time had passed at the digest's hour: the latest, and how many more there are."""
    overdue = tasks.filter(Q(due_at__lt=digest.at) | Q(due_at=digest.at, due_time=None))
    latest = list(overdue.order_by("-due_at", "-id")[:MAX_OVERDUE])
    more = overdue.count() - MAX_OVERDUE if len(latest) == MAX_OVERDUE else 0
    return {"overdue": [_line(task, digest) for task in reversed(latest)], "more_overdue": more}


def _line(task: Task, digest: Digest) -> dict[str, Any]:
    """The task as the email lists it, in the reader's language."""
    with override(digest.person.profile.language):
        return {
            "id": task.pk,
            "title": task.title,
            "priority": str(Priority(task.priority).label),
            "due": _due_text(task, digest),
        }


def _due_text(task: Task, digest: Digest) -> str:
    """The due date, with the year if it is another one; with a due time, both in the reader's time zone."""
    assert task.due_at is not None  # noqa: S101 - digests list tasks that are due
    assert task.due_date is not None  # noqa: S101
    moment = wall_time(task.due_at, digest.person.profile.timezone)
    day = task.due_date if task.due_time is None else moment.date()
    words = in_words(day, DAY_OF_THE_YEAR if day.year == digest.day.year else DAY)
    return f"{words}, {in_words(moment.time(), TIME)}" if task.due_time else words
