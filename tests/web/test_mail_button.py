"""The buttons in mails: looking changes nothing, pressing does it in the name of the person who got the mail."""

import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import signing

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.clock import utc_now
from taskbell.notifications import links
from taskbell.notifications.links import LinkAction, link_for
from taskbell.reminders.models import Reminder
from taskbell.tasks import mail_buttons
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.web.conftest import Browser, person, text

NOON = datetime.fromisoformat("2027-03-27T12:00:00+00:00")
DEEDS = ["done", "snooze", "tomorrow"]
OVER = "The link has expired, or the task has been deleted."


@pytest.fixture
def task(bob: User) -> Task:
    """Made by a manager, for Bob."""
    fields = {"title": "Water <b>plants</b>", "assigned_to_id": bob.pk}
    return create_task(TaskPatch(**fields), by=person("mia", "MANAGER"), now=utc_now())  # type: ignore[arg-type]


@pytest.fixture
def strict() -> Browser:
    """A browser that nobody has signed in with, and a server that looks for forged forms."""
    return Browser(enforce_csrf_checks=True)


def path(who: User, do: str, about: int | str) -> str:
    return urlsplit(link_for(LinkAction(who.pk, do, about))).path


def traces(task: Task) -> Any:
    """All that pressing a button could change."""
    task.refresh_from_db()
    profiles = User.objects.values_list("profile__mail_preferences", flat=True)
    return task.stage, task.version, Reminder.objects.count(), Activity.objects.of_tasks().count(), list(profiles)


@pytest.mark.parametrize("do", DEEDS)
def test_looking_changes_nothing_however_often(strict: Browser, bob: User, task: Task, do: str) -> None:
    before = traces(task)
    for ask in (strict.get, strict.head, strict.get):
        answer = ask(path(bob, do, task.pk))
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
    assert traces(task) == before
    page = text(answer)
    assert mail_buttons.BUTTONS[do].question in page
    assert "Water &lt;b&gt;plants" in page
    assert '<form method="post">' in page


@pytest.mark.parametrize("verb", ["put", "patch", "delete", "options"])
def test_no_other_verb_does_anything(strict: Browser, bob: User, task: Task, verb: str) -> None:
    before = traces(task)
    assert getattr(strict, verb)(path(bob, "done", task.pk)).status_code == 405
    assert traces(task) == before


def test_done_is_done_in_bobs_name_and_once(strict: Browser, bob: User, task: Task) -> None:
    for _ in range(2):
        answer = strict.post(path(bob, "done", task.pk))
        assert (answer.status_code, "Done." in text(answer)) == (200, True)
    task.refresh_from_db()
    assert task.stage == Stage.COMPLETED
    assert Activity.objects.get(task=task, field="status").user == bob


@pytest.mark.parametrize(
    ("do", "zone", "expected"),
    [
        ("snooze", "Europe/Berlin", "2027-03-27T13:00:00+00:00"),
        ("tomorrow", "Europe/Berlin", "2027-03-28T07:00:00+00:00"),  # summer has begun
        ("tomorrow", "Asia/Kolkata", "2027-03-28T03:30:00+00:00"),
        ("tomorrow", "Pacific/Kiritimati", "2027-03-28T19:00:00+00:00"),  # it is the 28th there
    ],
)
def test_snooze_reminds_bob_alone(
    strict: Browser, bob: User, task: Task, monkeypatch: pytest.MonkeyPatch, do: str, zone: str, expected: str
) -> None:
    monkeypatch.setattr("taskbell.web.mail.utc_now", lambda: NOON)
    type(bob.profile).objects.filter(user=bob).update(timezone=zone)
    assert mail_buttons.BUTTONS[do].done in text(strict.post(path(bob, do, task.pk)))
    reminder = Reminder.objects.get()
    assert (reminder.recipient, reminder.created_by) == (bob, bob)
    assert reminder.next_at == datetime.fromisoformat(expected)


def test_the_unsubscribe_page_names_the_emails_as_the_profile_does(strict: Browser, bob: User) -> None:
    assert "Email me when: A task of mine is overdue" in text(strict.get(path(bob, "unsubscribe", "overdue")))


def test_one_click_stops_the_mails_of_a_kind_without_cookie_or_question(strict: Browser, bob: User) -> None:
    for kind in ("overdue", "reminder"):
        answer = strict.post(path(bob, "unsubscribe", kind), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "You are unsubscribed from these emails." in text(answer)
    bob.profile.refresh_from_db()
    assert bob.profile.mail_preferences == {"overdue": False, "reminder": False}
    assert not bob.profile.wants("overdue")
    assert bob.profile.wants("task_assigned")


def check_over(answer: Any) -> None:
    assert answer.status_code == 404
    assert OVER in text(answer)
    assert "plants" not in text(answer)


def forged(bob: User, task: Task) -> list[str]:
    word = path(bob, "done", task.pk).split("/")[2]
    other_salt = signing.dumps([bob.pk, "done", task.pk], salt="another")
    other_key = signing.dumps([bob.pk, "done", task.pk], salt=links.SALT, key="another")
    short = signing.dumps([bob.pk], salt=links.SALT)
    unknown = signing.dumps([bob.pk, "delete", task.pk], salt=links.SALT)
    return [
        "x",
        f"{word}x",
        word[:-1],
        word[1:],
        ":".join(word.split(":")[:2]),
        other_salt,
        other_key,
        short,
        unknown,
        "%00",
        "%FF",
    ]


def test_a_link_that_is_not_ours_opens_nothing(strict: Browser, bob: User, task: Task) -> None:
    before = traces(task)
    for word in forged(bob, task):
        check_over(strict.get(f"/mail/{word}/"))
        check_over(strict.post(f"/mail/{word}/"))
    assert traces(task) == before


def test_a_link_is_good_for_thirty_days(
    strict: Browser, bob: User, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, now = path(bob, "done", task.pk), utc_now().timestamp()
    monkeypatch.setattr(signing.time, "time", lambda: now + timedelta(days=29).total_seconds())
    assert strict.get(link).status_code == 200
    monkeypatch.setattr(signing.time, "time", lambda: now + timedelta(days=31).total_seconds())
    before = traces(task)
    check_over(strict.get(link))
    check_over(strict.post(link))
    assert traces(task) == before


def left(bob: User, task: Task) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)


def lost(bob: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(assigned_to_id=None), by=task.created_by, now=utc_now())


def deleted(bob: User, task: Task) -> None:
    delete_task(task.pk, by=task.created_by, now=utc_now())


@pytest.mark.parametrize("happening", [left, lost, deleted])
@pytest.mark.parametrize("do", DEEDS)
def test_who_has_left_or_lost_the_task_can_do_nothing_any_more(
    strict: Browser, bob: User, task: Task, happening: Any, do: str
) -> None:
    link = path(bob, do, task.pk)
    happening(bob, task)
    before = traces(task)
    check_over(strict.get(link))
    check_over(strict.post(link))
    assert traces(task) == before


def test_who_has_left_cannot_unsubscribe_either(strict: Browser, bob: User, task: Task) -> None:
    left(bob, task)
    check_over(strict.post(path(bob, "unsubscribe", "overdue")))


def test_a_task_that_waits_for_another_says_so(strict: Browser, bob: User, task: Task) -> None:
    first = create_task(TaskPatch(title="Order soil"), by=task.created_by, now=utc_now())
    update_task(task.pk, TaskPatch(pre_tasks=[first.pk]), by=task.created_by, now=utc_now())
    answer = strict.post(path(bob, "done", task.pk))
    assert answer.status_code == 409
    assert "because it is blocked. Finish its prerequisites first." in text(answer)
    task.refresh_from_db()
    assert task.stage == Stage.PENDING


@pytest.mark.parametrize("do", ["snooze", "tomorrow"])
def test_nobody_is_promised_a_reminder_of_a_finished_task(strict: Browser, bob: User, task: Task, do: str) -> None:
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bob, now=utc_now())
    answer = strict.post(path(bob, do, task.pk))
    assert answer.status_code == 409
    assert "because it is not open. Reopen it first." in text(answer)
    assert mail_buttons.BUTTONS[do].done not in text(answer)
    assert not Reminder.objects.exists()


def test_who_presses_again_is_reminded_once(strict: Browser, bob: User, task: Task) -> None:
    for _ in range(2):
        assert strict.post(path(bob, "snooze", task.pk)).status_code == 200
    assert Reminder.objects.count() == 1


def test_a_stranger_in_the_same_browser_acts_for_the_one_who_got_the_mail(bob: User, alice: User, task: Task) -> None:
    browser = Browser()
    browser.sign_in("alice")
    browser.post(path(bob, "done", task.pk))
    assert Activity.objects.get(task=task, field="status").user == bob


def test_the_word_is_not_in_the_log(
    strict: Browser, bob: User, task: Task, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    link = path(bob, "done", task.pk)
    lost_link = path(bob, "done", task.pk + 1)
    with caplog.at_level(logging.INFO):
        for ask in (strict.get, strict.post, strict.put):
            ask(link)
            ask(lost_link)
    said = caplog.text + "".join(capfd.readouterr())
    for word in (link.split("/")[2], lost_link.split("/")[2]):
        assert word not in said


def test_every_page_behind_a_link_leads_on(strict: Browser, bob: User, task: Task) -> None:
    onward = '<a class="button" href="/">Open Taskbell</a>'
    assert onward in text(strict.get("/mail/x/"))
    assert onward in text(strict.post(path(bob, "done", task.pk)))
