"""An address that nobody has confirmed may be a stranger's: what others do causes no email to it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from taskbell.accounts.actions import Client
from taskbell.accounts.addresses import token_of
from taskbell.accounts.invites import token_of as invite_token
from taskbell.accounts.models import AddressChange, Installation, User
from taskbell.accounts.policy import Role
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.notifications.policy import MAX_A_DAY_UNCONFIRMED, TOO_MANY_UNCONFIRMED, UNCONFIRMED
from taskbell.people.addresses import confirm_address
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite
from taskbell.people.passwords import mail_password_reset, reset_password
from taskbell.people.registration import Registration, register
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import mark_overdue
from tests.api.test_passwords import codes_of
from tests.conftest import NOW, PASSWORD, Program
from tests.notifications.kinds import a_changed_task, message
from tests.reminders.mailbox import Mailbox, mailbox_in, names, subjects

DAY = timedelta(days=1)


@pytest.fixture
def mailbox(settings: Any, tmp_path: Path) -> Mailbox:
    return mailbox_in(settings, tmp_path)


def newcomer(name: str = "new", **form: str) -> User:
    form = {"email": f"{name}@example.org", "username": name, "password": PASSWORD} | form
    return register(Registration(**form), client=Client(), now=NOW)


def reasons(person: User) -> list[str]:
    cancelled = Delivery.objects.filter(notification__recipient=person, state=DeliveryState.CANCELLED)
    return list(cancelled.order_by("pk").values_list("reason", flat=True))


def reminded(person: User, *, at: datetime, title: str = "x", by: User | None = None) -> None:
    patch = TaskPatch(title=title, reminders=[ReminderPlan(at=at)], assigned_to_id=person.pk)
    create_task(patch, by=by or person, now=NOW)


def test_a_newcomer_gets_one_mail_that_confirms_the_address(ada: User, mailbox: Mailbox) -> None:
    new = newcomer()
    assert not new.email_confirmed
    (mail,) = mailbox.send(NOW)
    assert (mail["To"], mail["Subject"]) == ("new@example.org", "Confirm your email address for Taskbell")
    confirm_address(token_of(AddressChange.objects.get().pk, "confirm"), now=NOW)
    assert User.objects.get(pk=new.pk).email_confirmed
    create_task(TaskPatch(title="Sow", assigned_to_id=new.pk), by=ada, now=NOW)
    assert names(mailbox.send(NOW)) == ["new"]


@pytest.mark.parametrize(
    "kind",
    [
        "task_assigned",
        "task_updated",
        "unblocked",
        "reminder",
        "overdue",
        "due_digest",
        "sign_in_locked",
        "mentioned",
        "commented",
    ],
)
def test_what_others_do_sends_nothing_to_it(ada: User, bo: User, mailbox: Mailbox, kind: str) -> None:
    new = newcomer()
    mailbox.send(NOW)
    message(kind, new, bo, a_changed_task(new, bo, at=NOW), at=NOW)
    assert mailbox.send(NOW) == []
    assert reasons(new) == [UNCONFIRMED]


def test_once_it_is_confirmed_the_tasks_that_others_assigned_are_one_mail(ada: User, mailbox: Mailbox) -> None:
    new = newcomer()
    gone, *_ = (create_task(TaskPatch(title=title, assigned_to_id=new.pk), by=ada, now=NOW) for title in "abc")
    reminded(new, at=NOW, by=ada)
    mailbox.tick(NOW)
    assert set(reasons(new)) == {UNCONFIRMED}
    delete_task(gone.pk, by=ada, now=NOW)
    later = NOW + DAY
    confirm_address(token_of(AddressChange.objects.get().pk, "confirm"), now=later)
    assert subjects(mailbox.send(later)) == ['"Ada" assigned you 3 tasks']
    assert mailbox.send(later + DAY) == []
    assert set(reasons(new)) == {UNCONFIRMED, "Cancelled because the person no longer has access to the task."}


def test_a_reset_password_confirms_and_sends_what_waited_as_well(ada: User, mailbox: Mailbox) -> None:
    new = newcomer()
    create_task(TaskPatch(title="Sow", assigned_to_id=new.pk), by=ada, now=NOW)
    mailbox.send(NOW)
    reset_password(**codes_of(new), new="another horse battery", now=NOW)
    assert subjects(mailbox.send(NOW)) == ['"Ada" assigned you: Sow']


def test_what_others_do_takes_none_of_the_few_own_reminders(ada: User, mailbox: Mailbox) -> None:
    new = newcomer()
    for number in range(MAX_A_DAY_UNCONFIRMED):
        create_task(TaskPatch(title=str(number), assigned_to_id=new.pk), by=ada, now=NOW)
    Delivery.objects.filter(caused_by=ada).update(not_before=NOW + DAY)  # the outbox is long
    reminded(new, at=NOW, title="Sow")
    assert "Reminder: Sow" in subjects(mailbox.tick(NOW))


def test_a_reminder_of_somebody_else_is_for_the_confirmed_alone(ada: User, bo: User, mailbox: Mailbox) -> None:
    new = newcomer()
    reminded(new, at=NOW + DAY, by=bo)
    mailbox.send(NOW)
    deliver_due(NOW + DAY)
    assert names(mailbox.send(NOW + DAY)) == ["bo"]


def test_own_reminders_and_overdue_tasks_come_a_few_times_a_day(ada: User, bo: User, mailbox: Mailbox) -> None:
    new = newcomer()
    mailbox.send(NOW)
    create_task(TaskPatch(title="Sow", due_date=NOW.date(), timezone="UTC"), by=new, now=NOW)
    for number in range(MAX_A_DAY_UNCONFIRMED + 3):
        reminded(new, at=NOW + DAY, title=str(number))
    mark_overdue(NOW + DAY)
    deliver_due(NOW + DAY)
    assert names(mailbox.send(NOW + DAY)) == ["new"] * MAX_A_DAY_UNCONFIRMED
    assert reasons(new) == [TOO_MANY_UNCONFIRMED] * 4
    reminded(new, at=NOW + 2 * DAY)
    deliver_due(NOW + 2 * DAY)
    assert names(mailbox.send(NOW + 2 * DAY)) == ["new"], "the next day has its own"


def test_why_it_was_not_sent_is_to_be_read(ada: User, bo: User, mailbox: Mailbox, as_user: Any) -> None:
    new = newcomer()
    task = create_task(TaskPatch(title="Sow", assigned_to_id=new.pk), by=bo, now=NOW)
    mailbox.send(NOW)
    program = as_user(new)
    (notice,) = program.get("/api/notifications/").json()["results"]
    assert (notice["kind"], notice["state"], notice["reason"]) == ("task_assigned", "cancelled", UNCONFIRMED)
    assert UNCONFIRMED in program.get(f"/api/tasks/{task.pk}/schedule/").content.decode()


def test_a_link_that_came_by_mail_confirms_the_address(ada: User) -> None:
    made = invite("cy@example.org", Role.MEMBER, by=ada, now=NOW)
    assert newcomer("cy", invite=invite_token(made.pk)).email_confirmed
    new = newcomer()
    codes = codes_of(new)
    reset_password(codes["uid"], codes["token"], "a longer staple", now=NOW)
    assert User.objects.get(pk=new.pk).email_confirmed


def test_a_forgotten_password_is_reset_before_the_address_is_confirmed(ada: User, mailbox: Mailbox) -> None:
    newcomer()
    mailbox.send(NOW)
    mail_password_reset("new@example.org", client=Client(), now=NOW)
    assert names(mailbox.send(NOW)) == ["new"]


def test_the_first_person_and_those_of_the_command_line_are_confirmed(db: None) -> None:
    Installation.objects.all().delete()
    assert newcomer("first").email_confirmed
    assert User.objects.create_superuser("root", "root@example.org", PASSWORD).email_confirmed
    assert not AddressChange.objects.exists()


def test_a_newcomer_asks_for_the_mail_again(ada: User, mailbox: Mailbox, as_user: Any) -> None:
    program = as_user(newcomer())
    assert program.get("/api/profile/").json()["email_confirmed"] is False
    statuses = [program.post("/api/email/resend/").status_code for _ in range(6)]
    assert statuses == [204] * 5 + [429]
    assert program.get("/api/profile/").json()["pending_email"] is None


def test_the_mail_is_not_sent_once_it_is_of_no_use(ada: User, mailbox: Mailbox) -> None:
    newcomer()
    confirm_address(token_of(AddressChange.objects.get().pk, "confirm"), now=NOW)
    assert mailbox.send(NOW) == []


def test_who_changes_their_own_password_mails_nobody_before(ada: User, mailbox: Mailbox) -> None:
    """The address may be that of a victim, who would be bombed."""
    new = newcomer()
    mailbox.send(NOW)
    changes = {"password": "a longer staple", "current_password": PASSWORD, "username": "newer"}
    update_person(new, changes, by=new, now=NOW)
    assert mailbox.send(NOW) == []


def test_people_of_before_are_confirmed(bo: User, ada: User, mailbox: Mailbox) -> None:
    task = create_task(TaskPatch(title="Sow", assigned_to_id=bo.pk), by=ada, now=NOW)
    update_task(task.pk, TaskPatch(title="Reap"), by=ada, now=NOW)
    assert bo.email_confirmed
    assert names(mailbox.send(NOW)) == ["bo"]
    assert Program().get("/api/schema/").status_code == 200
