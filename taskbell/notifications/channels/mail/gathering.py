"""Limits the emails that one person can cause another: beyond the limit, they become one summary.

An email that another person caused is admitted to the outbox here, once, before any sender can claim it. Changes are
gathered: after a few emails about changes, the next one comes a minute later, with all that happened in between.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.common.locks import one_at_a_time
from taskbell.notifications.kinds import find_kind, registered
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.notifications.policy import load_recipients, quiet_until, recipient_reason
from taskbell.notifications.summary import SUMMARY

WINDOW = timedelta(hours=1)
PAUSE = timedelta(minutes=1)  # before the next email about changes, after so many within it
CHANGES_BEFORE_PAUSE = 3
ROWS_AT_ONCE = 2000
GATHERED = gettext_noop("Sent in one email together with others that the same person caused.")
Pair = tuple[int, int]  # who caused the emails, and who gets them


@dataclass(frozen=True)
class Recent:
    """What one person has caused another within the last hour: how many emails, and since when.

    `changes` are the emails about changes within the last minute, and `last_change` is the latest of them.
    """

    count: int = 0
    first: datetime | None = None
    changes: int = 0
    last_change: datetime | None = None


@dataclass
class Plan:
    """What happens to the emails that wait."""

    admitted: list[int] = field(default_factory=list)
    delayed: dict[datetime, list[int]] = field(default_factory=lambda: defaultdict(list))
    gathered: dict[Pair, list[Delivery]] = field(default_factory=dict)

    def delay(self, mails: Iterable[Delivery], until: datetime) -> None:
        self.delayed[until] += [mail.pk for mail in mails]


def admit(now: datetime) -> None:
    """Lets due emails that others caused into the outbox, within the limit for each two people."""
    if Delivery.objects.mails().to_admit(now).exists():
        _admit(now)


@transaction.atomic
def _admit(now: datetime) -> None:
    one_at_a_time("gathering emails")  # two senders must not both find room for the last one
    waiting = (
        Delivery.objects.mails()
        .to_admit(now)
        .select_related("notification__recipient__profile", "notification__task__project")
    )
    rows = list(waiting.select_for_update(of=("self",)).order_by("not_before", "id")[:ROWS_AT_ONCE])
    load_recipients(rows)
    plan, awake = Plan(), list[Delivery]()
    for mail in rows:
        if _is_not_for_them(mail):
            plan.admitted.append(mail.pk)
        elif quiet_end := quiet_until(mail.notification, now=now):
            plan.delay([mail], quiet_end)  # it counts towards the hour in which it is sent
        else:
            awake.append(mail)
    recent = _recent(awake, now)
    for pair, mails in groupby(sorted(awake, key=_pair), key=_pair):  # stable: the oldest first
        _plan_pair(plan, pair, list(mails), recent.get(pair, Recent()))
    _carry_out(plan, now)


def _is_not_for_them(mail: Delivery) -> bool:
    """True for an email that a sender would cancel: it must not count for a summary."""
    kind = find_kind(mail.notification.kind)
    return kind is None or recipient_reason(mail.notification, kind) is not None


def _pair(mail: Delivery) -> Pair:
    return mail.caused_by_id or 0, mail.notification.recipient_id or 0


def _recent(mails: list[Delivery], now: datetime) -> dict[Pair, Recent]:
    kinds = [SUMMARY.name, *(kind.name for kind in registered() if kind.is_gathered)]
    change = Q(notification__kind__in=kinds, admitted_at__gt=now - PAUSE)
    admitted = Delivery.objects.mails().exclude(state=DeliveryState.CANCELLED)
    admitted = admitted.filter(
        caused_by__in={mail.caused_by_id for mail in mails},
        notification__recipient__in={mail.notification.recipient_id for mail in mails},
        admitted_at__gt=now - WINDOW,
    )
    rows = (
        admitted.order_by()
        .values_list("caused_by", "notification__recipient")
        .annotate(
            count=Count("pk"),
            first=Min("admitted_at"),
            changes=Count("pk", filter=change),
            last_change=Max("admitted_at", filter=change),
        )
    )
    return {(causer, recipient): Recent(*figures) for causer, recipient, *figures in rows}


def _plan_pair(plan: Plan, pair: Pair, mails: list[Delivery], recent: Recent) -> None:
    """Admits, delays or gathers the emails of one pair. If several wait, the last email of an hour is a summary."""
    room = settings.TASKBELL_MAILS_BY_ONE_PERSON - recent.count
    if room <= 0 and recent.first is not None:
        plan.delay(mails, recent.first + WINDOW)
        return
    gathered = {kind.name for kind in registered() if kind.is_gathered}
    changes = [mail for mail in mails if mail.notification.kind in gathered]
    alone = [mail for mail in mails if mail.notification.kind not in gathered]
    if changes and recent.last_change is not None and recent.changes >= CHANGES_BEFORE_PAUSE:
        plan.delay(changes, recent.last_change + PAUSE)
        changes = []
    if len(changes) == 1:
        alone, changes = [*alone, *changes], []
    if len(alone) + bool(changes) > room:
        alone, changes = alone[: room - 1], alone[room - 1 :] + changes
    plan.admitted += [mail.pk for mail in alone]
    if changes:
        plan.gathered[pair] = changes


def _carry_out(plan: Plan, now: datetime) -> None:
    Delivery.objects.filter(pk__in=plan.admitted).update(admitted_at=now)
    for until, keys in plan.delayed.items():
        Delivery.objects.filter(pk__in=keys).update(not_before=until, due_at=until)
    names = {person.pk: person.name for person in User.objects.filter(pk__in={causer for causer, _ in plan.gathered})}
    for pair, mails in plan.gathered.items():
        causer, recipient = pair
        kinds = Counter(mail.notification.kind for mail in mails)
        data = {"by": names[causer], "unsubscribe": kinds.most_common(1)[0][0]}  # one link, for most of them
        summary = Message(recipient, SUMMARY, f"summary:{mails[0].pk}", now, data=data, caused_by=causer)
        ids = notify([summary], now=now, admitted_at=now)
        rows = Delivery.objects.filter(pk__in=[mail.pk for mail in mails])
        rows.finish(DeliveryState.GATHERED, gathered_into=ids[summary.key], reason=GATHERED)
