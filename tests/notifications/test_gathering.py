"""Nobody can fill another person's mailbox: twenty emails an hour, the last one a summary, and nothing is lost."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.notifications.channels.mail import delivery, gathering
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.people.leaving import deactivate_person
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import NOW, Program
from tests.reminders.mailbox import Mailbox, mailbox_in, names, part, subjects

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LIMIT = 20


@pytest.fixture
def mailbox(settings: Any, tmp_path: Any) -> Mailbox:
    return mailbox_in(settings, tmp_path)


def assign(count: int, to: User, by: User, at: datetime = NOW, **fields: Any) -> list[int]:
    """Assigns so many new tasks by one request."""
    patches = [TaskPatch(title=f"Task {number}", assigned_to_id=to.pk, **fields) for number in range(count)]
    return change_many(Batch(patches, [], []), by=by, now=at)[0]


def remind(count: int, to: User, by: User, at: datetime) -> None:
    assign(count, to, by, at=NOW, reminders=[ReminderPlan(at=at)])


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def test_fifty_tasks_assigned_by_one_request_are_one_mail(
    bo: User, mia: User, mailbox: Mailbox, as_user: Callable[[User], Program]
) -> None:
    body = {"create": [{"title": f"Task {number}", "assigned_to": bo.pk} for number in range(50)]}
    assert as_user(mia).post("/api/tasks/bulk/", body).status_code == 200
    (mail,) = mailbox.send(NOW + 365 * 24 * HOUR)
    assert (names([mail]), subjects([mail])) == (["bo"], ['"Mia" assigned you 50 tasks'])
    for pk in Task.objects.values_list("pk", flat=True):
        assert f"/tasks/{pk}/" in part(mail)
        assert f"/tasks/{pk}/" in part(mail, "html")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert ".unsubscribe.task_assigned:" in str(mail["List-Unsubscribe"]).replace("\r\n", "")
    assert states() == {"gathered": 50, "sent": 1}
    summary = Notification.objects.get(kind="summary")
    assert set(Delivery.objects.filter(state="gathered").values_list("gathered_into", "reason", "not_before")) == {
        (summary.pk, gathering.GATHERED, None)
    }
    inbox = as_user(bo).get("/api/notifications/").json()
    assert inbox["count"] == 50
    assert {one["kind"] for one in inbox["results"]} == {"task_assigned"}


def test_fifty_tasks_assigned_one_by_one_are_the_first_few_and_a_summary(bo: User, mia: User, mailbox: Mailbox) -> None:
    tasks = [create_task(TaskPatch(title=f"Task {number}"), by=mia, now=NOW) for number in range(50)]
    mails = []
    for number, task in enumerate(tasks):
        at = NOW + number * SECOND
        update_task(task.pk, TaskPatch(assigned_to_id=bo.pk), by=mia, now=at)
        mails += mailbox.send(at)
    mails += mailbox.send(NOW + 2 * MINUTE)
    few = gathering.CHANGES_BEFORE_PAUSE
    alone = [f'"Mia" assigned you: Task {number}' for number in range(few)]
    assert subjects(mails) == [*alone, f'"Mia" assigned you {50 - few} tasks']
    assert mailbox.send(NOW + HOUR) == []


def test_a_longer_summary_takes_no_more_queries(bo: User, mia: User, mailbox: Mailbox) -> None:
    counts = []
    for turn, number in enumerate((3, 30)):
        at = NOW + 2 * turn * HOUR
        assign(number, bo, mia, at=at)
        with CaptureQueriesContext(connection) as queries:
            assert subjects(mailbox.send(at)) == [f'"Mia" assigned you {number} tasks']
        counts.append(len(queries.captured_queries))
    assert counts[0] == counts[1]


def test_one_mail_alone_is_not_delayed(bo: User, mia: User, mailbox: Mailbox) -> None:
    assign(1, bo, mia)
    assert subjects(mailbox.send(NOW)) == ['"Mia" assigned you: Task 0']


def test_the_second_task_of_a_minute_is_not_delayed(bo: User, mia: User, mailbox: Mailbox) -> None:
    assign(1, bo, mia)
    mailbox.send(NOW)
    later = NOW + 10 * SECOND
    create_task(TaskPatch(title="Paint the fence", assigned_to_id=bo.pk), by=mia, now=later)
    assert subjects(mailbox.send(later)) == ['"Mia" assigned you: Paint the fence']


def test_a_change_of_a_deleted_task_neither_delays_another_nor_is_gathered_with_it(
    bo: User, mia: User, mailbox: Mailbox
) -> None:
    gone, *kept = (create_task(TaskPatch(title=title, assigned_to_id=bo.pk), by=mia, now=NOW) for title in "abc")
    mailbox.send(NOW)
    for task in (gone, kept[0]):
        update_task(task.pk, TaskPatch(priority=4), by=mia, now=NOW + HOUR)
    delete_task(gone.pk, by=mia, now=NOW + HOUR)
    assert subjects(mailbox.send(NOW + HOUR + MINUTE)) == ["Changed: b"]
    for _ in range(gathering.CHANGES_BEFORE_PAUSE):
        assign(1, bo, mia, at=NOW + 2 * HOUR)
        Task.objects.filter(title="Task 0").update(deleted_at=NOW)
        assert mailbox.send(NOW + 2 * HOUR) == []
    assign(1, bo, mia, at=NOW + 2 * HOUR)
    assert subjects(mailbox.send(NOW + 2 * HOUR)) == ['"Mia" assigned you: Task 0']


def test_two_people_do_not_share_a_summary(bo: User, mia: User, ada: User, cy: User, mailbox: Mailbox) -> None:
    assign(3, bo, mia)
    assign(2, bo, ada)
    assign(1, cy, ada)
    mails = mailbox.send(NOW)
    assert sorted(zip(names(mails), subjects(mails), strict=True)) == [
        ("bo", '"Ada" assigned you 2 tasks'),
        ("bo", '"Mia" assigned you 3 tasks'),
        ("cy", '"Ada" assigned you: Task 0'),
    ]


def test_the_tasks_of_somebody_who_leaves_are_one_mail(bo: User, cy: User, ada: User, mailbox: Mailbox) -> None:
    assign(30, cy, cy)
    deactivate_person(cy, hand_to=bo.pk, by=ada, now=NOW)
    mails = [mail for mail in mailbox.send(NOW) if names([mail]) == ["bo"]]
    assert subjects(mails) == ['"Ada" assigned you 30 tasks']


def test_what_one_completion_frees_is_one_mail(bo: User, mia: User, mailbox: Mailbox) -> None:
    first = create_task(TaskPatch(title="First"), by=mia, now=NOW)
    assign(50, bo, mia, pre_tasks=[first.pk])
    mailbox.send(NOW)
    later = NOW + 2 * HOUR
    update_task(first.pk, TaskPatch(stage=Stage.COMPLETED), by=mia, now=later)
    assert subjects(mailbox.send(later)) == ['50 updates from "Mia"']


def test_fifty_changed_tasks_are_one_mail(bo: User, mia: User, mailbox: Mailbox) -> None:
    tasks = assign(50, bo, mia)
    mailbox.send(NOW)
    later = NOW + 2 * HOUR
    change_many(Batch([], [(pk, TaskPatch(priority=4), None) for pk in tasks], []), by=mia, now=later)
    assert mailbox.send(later) == []
    assert subjects(mailbox.send(later + MINUTE)) == ['50 updates from "Mia"']


def test_of_forty_reminders_set_by_another_the_last_mail_is_a_summary(bo: User, mia: User, mailbox: Mailbox) -> None:
    remind(40, bo, mia, at=NOW + 2 * HOUR)
    mailbox.send(NOW)
    mails = [mail for mail in mailbox.tick(NOW + 2 * HOUR) if names([mail]) == ["bo"]]
    assert len(mails) == LIMIT
    assert subjects(mails).count('21 updates from "Mia"') == 1
    reminders = Delivery.objects.filter(notification__kind="reminder", notification__recipient=bo)
    assert Counter(reminders.values_list("state", flat=True)) == {"sent": LIMIT - 1, "gathered": 21}


def test_reminders_of_ones_own_have_no_limit(bo: User, mia: User, mailbox: Mailbox) -> None:
    remind(40, bo, bo, at=NOW)
    remind(40, bo, mia, at=NOW)
    mails = mailbox.tick(NOW)
    assert Counter(names(mails)) == {"bo": 40 + 1 + LIMIT - 1, "mia": 40}


def test_after_twenty_the_rest_of_the_hour_waits_and_is_one_mail(bo: User, mia: User, mailbox: Mailbox) -> None:
    remind(LIMIT, bo, mia, at=NOW)
    Delivery.objects.filter(notification__kind="task_assigned").delete()
    assert names(mailbox.tick(NOW)).count("bo") == LIMIT
    for minute in range(5, 55, 5):
        assign(2, bo, mia, at=NOW + minute * MINUTE)
        assert mailbox.send(NOW + minute * MINUTE) == []
    assert mailbox.send(NOW + HOUR - SECOND) == []
    assert subjects(mailbox.send(NOW + HOUR)) == ['"Mia" assigned you 20 tasks']
    assert not Delivery.objects.unsent().exists()


@pytest.mark.parametrize("minutes", [2, 7])
def test_however_they_come_no_hour_has_more_than_twenty(bo: User, mia: User, mailbox: Mailbox, minutes: int) -> None:
    sent: list[datetime] = []
    for number in range(0, 240, minutes):
        at = NOW + number * MINUTE
        assign(3, bo, mia, at=at)
        sent += [at] * len(mailbox.send(at))
        sent += [at + MINUTE] * len(mailbox.send(at + MINUTE))
    assert max(sum(first <= at < first + HOUR for at in sent) for first in sent) <= LIMIT
    listed = Delivery.objects.filter(state=DeliveryState.GATHERED).count()
    waiting = Delivery.objects.unsent().count()
    alone = Delivery.objects.filter(state="sent", notification__kind="task_assigned").count()
    assert listed + waiting + alone == Task.objects.count()


def test_overdue_tasks_of_another_count_for_their_creator(bo: User, mia: User, mailbox: Mailbox) -> None:
    assign(30, bo, mia, due_date=NOW.date() - timedelta(days=2))
    Delivery.objects.all().delete()
    mark_overdue(NOW)
    mails = mailbox.send(NOW)
    assert Counter(names(mails)) == {"bo": LIMIT, "mia": 30}


def test_a_night_of_quiet_hours_does_not_pile_up(bo: User, mia: User, mailbox: Mailbox) -> None:
    update_profile(bo, now=NOW, timezone="UTC", quiet_from=NOW.time(), quiet_until=(NOW + 8 * HOUR).time())
    for hour in range(8):
        remind(15, bo, mia, at=NOW + hour * HOUR)
    update_profile(bo, now=NOW, quiet_reminders=True)
    for hour in range(8):
        assert "bo" not in names(mailbox.tick(NOW + hour * HOUR))
    assert names(mailbox.tick(NOW + 8 * HOUR)).count("bo") == LIMIT


def test_a_summary_leaves_out_what_is_finished_or_out_of_sight(bo: User, mia: User, mailbox: Mailbox) -> None:
    kept, taken, *_ = assign(3, bo, mia)
    gathering.admit(NOW)
    update_task(taken, TaskPatch(assigned_to_id=mia.pk), by=mia, now=NOW)
    (mail,) = mailbox.send(NOW)
    assert f"/tasks/{kept}/" in part(mail)
    assert f"/tasks/{taken}/" not in part(mail)
    assert subjects([mail]) == ['"Mia" assigned you 2 tasks']


def test_a_summary_of_nothing_is_not_sent(bo: User, mia: User, mailbox: Mailbox) -> None:
    tasks = assign(3, bo, mia)
    gathering.admit(NOW)
    for pk in tasks:
        update_task(pk, TaskPatch(assigned_to_id=mia.pk), by=mia, now=NOW)
    assert mailbox.send(NOW) == []
    summary = Delivery.objects.get(notification__kind="summary")
    assert (summary.state, summary.reason) == (
        DeliveryState.CANCELLED,
        "Cancelled because nothing in this summary is still to be sent.",
    )


def test_the_limit_is_a_setting(bo: User, mia: User, mailbox: Mailbox, settings: Any) -> None:
    settings.TASKBELL_MAILS_BY_ONE_PERSON = 1
    remind(5, bo, mia, at=NOW)
    assert subjects([mail for mail in mailbox.tick(NOW) if names([mail]) == ["bo"]]) == ['10 updates from "Mia"']


def test_the_clock_asks_nothing_more_where_nobody_caused_anything(
    bo: User, mailbox: Mailbox, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert delivery.claim(NOW, limit=10) == []


def test_a_thousand_pairs_cost_as_many_statements_as_one(bo: User, cy: User, mia: User, ada: User) -> None:
    counts = []
    for people in ([bo], [bo, cy, mia]):
        Delivery.objects.all().delete()
        for person in people:
            assign(1, person, ada)
        with CaptureQueriesContext(connection) as queries:
            gathering.admit(NOW)
        counts.append(len(queries.captured_queries))
        assert Delivery.objects.filter(admitted_at=NOW).count() == len(people)
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_senders_side_by_side_keep_the_limit_together(bo: User, mia: User) -> None:
    remind(60, bo, mia, at=NOW)
    deliver_due(NOW)

    def run(_: int) -> None:
        gathering.admit(NOW)
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    to_bo = Delivery.objects.filter(notification__recipient=bo)
    assert to_bo.filter(admitted_at=NOW).count() == LIMIT
    assert to_bo.filter(notification__kind="summary").count() == 1
    assert not to_bo.filter(state="pending", admitted_at=None).exists()


def test_a_title_in_a_summary_is_no_link(bo: User, mia: User, mailbox: Mailbox) -> None:
    for _ in range(2):
        create_task(TaskPatch(title="Pay at http://evil.example/", assigned_to_id=bo.pk), by=mia, now=NOW)
    (mail,) = mailbox.send(NOW)
    for kind in ("plain", "html"):
        assert not re.search(r"evil\.example|http://evil", part(mail, kind))
