"""Deactivating an account, and handing over its open tasks."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.models import User
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import invalid
from taskbell.common.locks import in_batches
from taskbell.people.notifications import notify_owner
from taskbell.people.roles import check_may_manage, keep_an_admin
from taskbell.projects.models import Project
from taskbell.sharing.members import end_memberships
from taskbell.tasks.assignees import hand_over_many, move_many
from taskbell.tasks.models import Task, TaskQuerySet

TASKS_AT_ONCE = 500


def deactivate_person(person: User, *, hand_to: int | None, by: User, now: datetime) -> None:
    """Deactivates the account, ends memberships, and hands the open tasks to `hand_to`, or back to their creators.

    Open tasks of the Inbox move to the Inbox of `hand_to`; without it, those that others created move to their
    creators' Inboxes. Very many tasks are handed over in batches first, so that others can write in between.
    Raises NotAllowed, Invalid, or Conflict for the last ADMIN.
    """
    in_batches(lambda: _hand_over_batch(person, hand_to, by=by, now=now))
    with transaction.atomic():
        leave(person, by=by, now=now)
        _check_receiver(hand_to, person)
        end_memberships(person, by=by, now=now)
        while to_move := list(_to_move(person, hand_to).select_for_update(no_key=True, of=("self",))):
            _move_to_inboxes(to_move, hand_to, by=by, now=now)
        tasks = Task.objects.filter(assigned_to=person).select_for_update(no_key=True).order_by("pk")
        list(tasks.values_list("pk"))  # waits for those who reopen, restore or complete one of them
        while still_open := list(tasks.open()):
            hand_over_many(still_open, hand_to, by=by, now=now)


@transaction.atomic
def _hand_over_batch(person: User, hand_to: int | None, *, by: User, now: datetime) -> bool:
    """Hands over a batch of the open tasks, or of those in the Inbox, if there are many; True if it did."""
    mine, inbox = Task.objects.filter(assigned_to=person).open().order_by("pk"), _to_move(person, hand_to)
    many_are_mine = _are_many(mine)
    if not many_are_mine and not _are_many(inbox):
        return False
    check_may_manage(person, by=by)
    keep_an_admin(without=person)
    _check_receiver(hand_to, person)
    if many_are_mine:
        hand_over_many(list(mine.select_for_update(no_key=True)[:TASKS_AT_ONCE]), hand_to, by=by, now=now)
    else:
        some = inbox.select_for_update(no_key=True, of=("self",))[:TASKS_AT_ONCE]
        _move_to_inboxes(list(some), hand_to, by=by, now=now)
    return True


def _are_many(tasks: TaskQuerySet) -> bool:
    return len(tasks.values_list("pk")[: TASKS_AT_ONCE + 1]) > TASKS_AT_ONCE


def _to_move(person: User, hand_to: int | None) -> TaskQuerySet:
    """The open tasks of the person's Inbox that move to other people."""
    inbox = Task.objects.filter(project=person.inbox.pk).open().order_by("pk")
    return inbox if hand_to else inbox.exclude(created_by=person).filter(created_by__is_active=True)


def _move_to_inboxes(tasks: Sequence[Task], hand_to: int | None, *, by: User, now: datetime) -> None:
    owners = {hand_to or task.created_by_id for task in tasks}
    inboxes = dict(Project.objects.filter(inbox_of__in=owners).values_list("inbox_of", "pk"))
    move_many([(task, inboxes[hand_to or task.created_by_id]) for task in tasks], heir=hand_to, by=by, now=now)


def _check_receiver(hand_to: int | None, person: User) -> None:
    others = User.objects.filter(is_active=True).exclude(pk=person.pk)
    if hand_to is not None and not others.filter(pk=hand_to).exists():
        raise invalid("hand_to", "does_not_exist", _("There is no other active person with this id."))


@transaction.atomic
def leave(person: User, *, by: User, now: datetime) -> None:
    """Deactivates the account and ends its sessions. Raises NotAllowed, or Conflict for the last ADMIN."""
    check_may_manage(person, by=by)
    keep_an_admin(without=person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.is_active = False
    record(Subject(SubjectType.PERSON, person.pk), "deactivated", by=by, at=now)
    notify_owner(person, "deactivated", by=by, now=now)
    end_sessions(person, now=now, because="account deactivated")


@transaction.atomic
def reactivate_person(person: User, *, by: User, now: datetime) -> None:
    """Lets the person sign in again."""
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        record(Subject(SubjectType.PERSON, person.pk), "reactivated", by=by, at=now)
        notify_owner(person, "reactivated", by=by, now=now)
