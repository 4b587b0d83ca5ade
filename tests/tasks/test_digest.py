"""The digest: at each person's own hour, with what is due, once a day."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from taskbell.accounts.models import Profile, User
from taskbell.accounts.profile import update_profile
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.digest import send_digests
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, make_person
from tests.reminders.mailbox import Mailbox, mailbox_in, part, subjects

DAY, HOUR, TICK = timedelta(days=1), timedelta(hours=1), timedelta(seconds=10)
TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)  # tomorrow, when everybody has long been here


@pytest.fixture
def mailbox(settings: Any, tmp_path: Any) -> Mailbox:
    return mailbox_in(settings, tmp_path)


def lives(person: User, zone: str = "UTC", **settings: Any) -> User:
    """Somebody who joined two days ago and lives there."""
    User.objects.filter(pk=person.pk).update(date_joined=NOW - 2 * DAY)
    update_profile(person, now=NOW, timezone=zone, **settings)
    send_digests(NOW - DAY)
    Notification.objects.all().delete()
    Profile.objects.filter(pk=person.pk).update(last_digest_on=None)
    return person


def due_daily(person: User) -> None:
    """Gives the person something that is due at every hour of the next days."""
    for number in range(8):
        at = NOW + number * DAY / 2 + HOUR
        fields = {"title": f"Task {number}", "due_date": at.date(), "due_time": at.time(), "timezone": "UTC"}
        create_task(TaskPatch(**fields), by=person, now=NOW)


def task_due(at: datetime, by: User, title: str = "Water the plants", **fields: Any) -> Task:
    patch = {"title": title, "due_date": at.date(), "due_time": at.time(), "timezone": "UTC"} | fields
    return create_task(TaskPatch(**patch), by=by, now=NOW)


def digests() -> list[tuple[str, datetime]]:
    """Of each digest that lists what is due, its local day and when it was due, in that order."""
    rows = Notification.objects.filter(kind="due_digest").order_by("due_at")
    return [(row.dedupe_key.split(":")[2], row.due_at) for row in rows if row.data["tasks"]]


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("Europe/Berlin", "2026-11-22T09:00"),
        ("Asia/Kolkata", "2026-11-22T04:30"),
        ("Asia/Kathmandu", "2026-11-22T04:15"),
        ("Pacific/Kiritimati", "2026-11-21T20:00"),
        ("Pacific/Pago_Pago", "2026-11-22T21:00"),
    ],
)
def test_it_comes_at_ten_in_the_own_zone_and_not_a_tick_earlier(bo: User, zone: str, due: str) -> None:
    moment = datetime.fromisoformat(f"{due}+00:00")
    lives(bo, zone)
    Profile.objects.update(last_digest_on=date(2026, 11, 21))
    due_daily(bo)
    send_digests(moment - timedelta(microseconds=1))
    assert digests() == []
    for _ in range(3):
        send_digests(moment)
    assert digests() == [("2026-11-22", moment)]


def test_it_comes_at_the_hour_that_was_chosen(bo: User) -> None:
    lives(bo, digest_at=time(6, 45))
    due_daily(bo)
    send_digests(TEN - 3 * HOUR - 15 * TICK * 6 - TICK)
    assert digests() == []
    send_digests(TEN - 3 * HOUR - 15 * TICK * 6)
    assert digests() == [("2026-11-22", TEN - 3 * HOUR - timedelta(minutes=15))]


def test_ten_stays_ten_when_the_clocks_change(bo: User) -> None:
    spring = datetime(2027, 3, 27, 12, tzinfo=UTC)
    lives(bo, "Europe/Berlin")
    send_digests(spring)
    profile = Profile.objects.get()
    assert profile.next_digest_at == datetime(2027, 3, 28, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    assert profile.next_digest_at == datetime(2027, 3, 28, 8, tzinfo=UTC)


def test_it_lists_what_is_due_within_a_day_and_is_the_persons_own(bo: User, cy: User, mailbox: Mailbox) -> None:
    lives(bo, "Asia/Kolkata", digest_at=time(15, 30))  # 10:00 UTC
    lives(cy, digest_enabled=False)
    task_due(TEN + HOUR, bo, "Order soil")
    task_due(TEN + DAY - HOUR / 60, cy, "Sweep", assigned_to_id=bo.pk)
    task_due(TEN + DAY, bo, "Too far away")
    task_due(TEN - HOUR, bo, "Overdue already")
    task_due(TEN + HOUR, bo, "Of Cy now", assigned_to_id=cy.pk)
    done = task_due(TEN + HOUR, bo, "Done")
    update_task(done.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
    create_task(TaskPatch(title="By day", due_date=TEN.date(), timezone="UTC"), by=bo, now=NOW)
    Notification.objects.all().delete()
    send_digests(TEN)
    (mail,) = mailbox.send(TEN)
    assert subjects([mail]) == ["3 tasks are due in the next 24 hours (1 overdue)"]
    lines = [line for line in part(mail).splitlines() if line.startswith(("-", "  ")) and "/tasks/" not in line]
    assert lines == [
        *("- Order soil", "  Sunday, 22 November, 16:30, priority medium"),
        *("- By day", "  Sunday, 22 November, priority medium"),
        *("- Sweep", "  Monday, 23 November, 15:29, priority medium"),
        *("- Overdue already", "  was due Sunday, 22 November, 14:30, priority medium"),
    ]


def titles() -> list[list[str]]:
    """What each digest lists, in the order in which they came."""
    rows = Notification.objects.filter(kind="due_digest").order_by("due_at")
    return [[task["title"] for task in row.data["tasks"]] for row in rows]


def test_the_day_of_twenty_five_hours_has_no_gap(bo: User) -> None:
    lives(bo, "Europe/Berlin")
    saturday = datetime(2027, 10, 30, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    sunday = saturday + DAY  # by the clock on the wall: 25 hours later
    send_digests((saturday - HOUR).astimezone(UTC))
    task_due(sunday - HOUR / 2, bo, "Feed the cat", timezone="Europe/Berlin")
    task_due(sunday, bo, "Of Sunday", timezone="Europe/Berlin")
    for moment in (saturday, sunday):
        send_digests(moment.astimezone(UTC))
    assert titles() == [["Feed the cat"], ["Of Sunday"]]


def test_a_digest_that_comes_late_has_what_became_due_meanwhile(bo: User) -> None:
    lives(bo)
    task_due(TEN - HOUR / 60, bo, "Before")
    task_due(TEN + 5 * HOUR / 60, bo, "Meanwhile")
    task_due(TEN + DAY + HOUR / 60, bo, "For the next one")
    send_digests(TEN + 7 * HOUR / 60)
    send_digests(TEN + DAY)
    assert titles() == [["Meanwhile"], ["For the next one"]]


def test_nothing_due_no_mail(bo: User) -> None:
    lives(bo)
    for number in range(5):
        send_digests(TEN + number * DAY)
    assert digests() == []


def test_nobody_gets_one_who_has_switched_it_off_or_has_left(bo: User, cy: User) -> None:
    for person in (lives(bo, digest_enabled=False), lives(cy)):
        due_daily(person)
    User.objects.filter(pk=cy.pk).update(is_active=False)
    for number in range(3):
        send_digests(TEN + number * DAY)
    assert digests() == []


def test_after_an_outage_only_the_one_of_today_comes(bo: User) -> None:
    lives(bo)
    send_digests(TEN)
    task_due(TEN + 5 * DAY - HOUR, bo)
    send_digests(TEN + 4 * DAY + 5 * HOUR)
    assert digests() == [("2026-11-26", TEN + 4 * DAY)]


@pytest.mark.parametrize("hours_after", [1, -1])
def test_whoever_joins_after_the_hour_has_the_first_one_tomorrow(bo: User, hours_after: int) -> None:
    User.objects.update(date_joined=TEN + hours_after * HOUR)
    due_daily(bo)
    send_digests(TEN + 2 * HOUR)
    update_profile(bo, now=NOW, digest_at=time(10))
    send_digests(TEN + 2 * HOUR + TICK)
    assert len(digests()) == (hours_after < 0)
    send_digests(TEN + DAY)
    assert digests()[-1][0] == "2026-11-23"


@pytest.mark.parametrize(
    ("switched_on", "first"), [(TEN - TICK, "2026-11-22"), (TEN, "2026-11-23"), (TEN + 5 * HOUR, "2026-11-23")]
)
def test_whoever_switches_it_on_gets_the_first_one_when_the_hour_comes(
    bo: User, switched_on: datetime, first: str
) -> None:
    lives(bo, digest_enabled=False)
    due_daily(bo)
    update_profile(bo, now=switched_on, digest_enabled=True, digest_at=time(10), first_name="Bo")
    update_profile(bo, now=switched_on + TICK, digest_enabled=True, timezone="Etc/UTC")  # is on: changes nothing
    for hours in range(24 + 10):
        send_digests(switched_on + hours * HOUR + HOUR)
    assert digests()[0][0] == first


def test_a_traveller_over_the_date_line_has_one_for_each_date(bo: User) -> None:
    lives(bo, "Pacific/Kiritimati")
    User.objects.update(date_joined=TEN - 9 * DAY)
    due_daily(bo)
    send_digests(TEN - 38 * HOUR)  # the 21st, 10:00
    send_digests(TEN - 14 * HOUR)  # the 22nd, 10:00
    update_profile(bo, now=NOW, timezone="Pacific/Pago_Pago")  # where it is the 21st again, 9:00
    for hours in range(50):
        send_digests(TEN + (hours - 14) * HOUR)
    assert [day for day, _ in digests()] == ["2026-11-21", "2026-11-22", "2026-11-23"]


def test_many_people_are_told_in_one_go(db: None) -> None:
    people = [lives(make_person(f"p{number}", "MEMBER")) for number in range(3)]  # type: ignore[arg-type]
    for person in people:
        due_daily(person)
    Profile.objects.update(next_digest_at=None, last_digest_on=date(2026, 11, 21))
    assert send_digests(TEN) == 3
    assert len(digests()) == 3
    assert send_digests(TEN + TICK) == 0


def finish(task: Task, bo: User) -> None:
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=TEN)


def remove(task: Task, bo: User) -> None:
    delete_task(task.pk, by=bo, now=TEN)


def give_away(task: Task, bo: User) -> None:
    dan = make_person("dan", "MEMBER")  # type: ignore[arg-type]
    Task.objects.filter(pk=task.pk).update(created_by=dan, project=dan.inbox)


@pytest.mark.parametrize("happening", [finish, remove, give_away])
def test_what_is_over_before_the_mail_goes_out_is_not_in_it(bo: User, mailbox: Mailbox, happening: Any) -> None:
    lives(bo)
    first, second = task_due(TEN + HOUR, bo, "Water the plants"), task_due(TEN + HOUR, bo, "Order soil")
    send_digests(TEN)
    happening(first, bo)
    (mail,) = [mail for mail in mailbox.send(TEN) if mail["To"] == "bo@example.org"]
    assert subjects([mail]) == ["Due in the next 24 hours: Order soil"]
    assert "Water" not in part(mail) + part(mail, "html")
    Delivery.objects.filter(notification__kind="due_digest").update(
        state=DeliveryState.PENDING, mime=None, not_before=TEN
    )
    Task.objects.filter(pk=second.pk).update(stage=Stage.ARCHIVED)
    assert mailbox.send(TEN + TICK) == []
    assert Delivery.objects.get(notification__kind="due_digest").reason == "Cancelled because nothing is left to do."


def by_day(day: date, by: User, title: str, zone: str = "UTC") -> Task:
    return create_task(TaskPatch(title=title, due_date=day, timezone=zone), by=by, now=NOW)


@pytest.mark.parametrize(
    ("at", "listed"),
    [
        (time(0), ["Today", "Today at 20", "Today at 9"]),
        (time(0, 1), ["Today", "Today at 20", "Today at 9"]),
        (time(10), ["Today", "Today at 20", "Tomorrow at 9"]),
        (time(11, 59), ["Today", "Today at 20", "Tomorrow at 9"]),
        (time(12), ["Today", "Today at 20", "Tomorrow", "Tomorrow at 9"]),
        (time(20), ["Today", "Today at 20", "Tomorrow", "Tomorrow at 9"]),
        (time(23, 59), ["Today", "Tomorrow", "Tomorrow at 20", "Tomorrow at 9"]),
    ],
)
def test_a_task_without_a_time_belongs_to_its_day_and_to_the_evening_before(
    bo: User, at: time, listed: list[str]
) -> None:
    lives(bo, "Europe/Berlin", digest_at=at)
    day, zone = date(2026, 11, 25), ZoneInfo("Europe/Berlin")
    for name, offset in (("Yesterday", -1), ("Today", 0), ("Tomorrow", 1), ("Later", 2)):
        on = day + offset * DAY
        by_day(on, bo, name, zone.key)
        for hour in (9, 20):
            task_due(datetime.combine(on, time(hour)), bo, f"{name} at {hour}", timezone=zone.key)
    send_digests(datetime.combine(day, at, zone) - DAY)
    Notification.objects.all().delete()
    send_digests(datetime.combine(day, at, zone))
    assert sorted(titles()[0]) == listed


@pytest.mark.parametrize(
    ("reader", "task", "days"),
    [
        ("Europe/Berlin", "UTC", [25]),  # over at 1:00 of the 26th
        ("Europe/Berlin", "America/New_York", [25]),
        ("Pacific/Honolulu", "Pacific/Auckland", [24]),  # over at 1:00 of the 25th
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", [24]),  # over at 23:00 of the 24th
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", [25]),
    ],
)
def test_a_date_is_a_date_in_every_zone_unless_it_is_over_before_the_digest(
    bo: User, reader: str, task: str, days: list[int]
) -> None:
    lives(bo, reader)
    by_day(date(2026, 11, 25), bo, "Water the plants", task)
    for hours in range(24 * 6):
        send_digests(NOW + hours * HOUR)
    assert [int(day[-2:]) for day, _ in digests()] == days


def test_what_is_overdue_is_in_a_section_of_its_own_unless_the_person_does_not_want_it(
    bo: User, mailbox: Mailbox
) -> None:
    lives(bo)
    for number in range(25):
        task_due(TEN - number * DAY - HOUR, bo, f"Late {number}")
    by_day(TEN.date() - DAY, bo, "Of yesterday")
    task_due(TEN + HOUR, bo, "Order soil")
    send_digests(TEN)
    (mail,) = mailbox.send(TEN)
    assert subjects([mail]) == ["Due in the next 24 hours: Order soil (26 overdue)"]
    due, _, overdue = part(mail).partition("\nOverdue:\n")
    assert [line for line in due.splitlines() if line.startswith("- ")] == ["- Order soil"]
    listed = [line for line in overdue.splitlines() if line.startswith("- ")]
    assert listed[-3:] == ["- Late 1", "- Of yesterday", "- Late 0"]
    assert len(listed) == 20
    assert "and 6 more" in overdue
    assert "and 6 more" in part(mail, "html")
    assert "Late 0" in part(mail, "html")
    update_profile(bo, now=TEN, digest_overdue=False)
    task_due(TEN + DAY + HOUR, bo, "Sweep")
    send_digests(TEN + DAY)
    (mail,) = mailbox.send(TEN + DAY)
    assert "Late" not in part(mail) + part(mail, "html") + str(mail["Subject"])


def test_overdue_tasks_alone_bring_a_digest_unless_the_person_leaves_them_out(bo: User, mailbox: Mailbox) -> None:
    lives(bo)
    late = task_due(TEN - HOUR, bo, "Order soil")
    send_digests(TEN)
    (mail,) = mailbox.send(TEN)
    assert subjects([mail]) == ["Overdue: Order soil"]
    assert "these tasks are overdue:\n\n- Order soil" in part(mail)
    assert "24 hours" not in part(mail) + part(mail, "html")
    task_due(TEN - 2 * HOUR, bo, "Sweep")
    send_digests(TEN + DAY)
    assert subjects(mailbox.send(TEN + DAY)) == ["2 tasks are overdue"]
    update_profile(bo, now=TEN, digest_overdue=False)
    send_digests(TEN + 2 * DAY)
    assert mailbox.send(TEN + 2 * DAY) == []
    assert late.is_open


def test_many_digests_cost_two_queries_a_person_and_none_a_task(db: None, query_budget: Any) -> None:
    people = [lives(make_person(f"p{number}", "MEMBER")) for number in range(3)]  # type: ignore[arg-type]
    for person in people:
        for number in range(5):
            task_due(TEN + number * HOUR, person)
            task_due(TEN - number * HOUR - HOUR, person)
    Profile.objects.update(next_digest_at=None, last_digest_on=date(2026, 11, 21))
    # The people, what is due and what is late for each, three for the notifications, one for the profiles, the end.
    with query_budget(1 + 2 * 3 + 3 + 1 + 1 + 4):  # and four savepoints
        send_digests(TEN)
    assert [len(row.data["overdue"]) for row in Notification.objects.filter(kind="due_digest")] == [5, 5, 5]
