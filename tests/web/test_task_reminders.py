"""Reminders and comments on the page of a task."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.accounts.profile import update_profile
from taskbell.comments.actions import add_comment
from taskbell.comments.models import Comment
from taskbell.common.clock import utc_now
from taskbell.common.durations import parse_duration
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.web.task_story import MAX_ENTRIES
from tests.conftest import NOW
from tests.web.conftest import Browser, person, text
from tests.web.test_task import made, read, words_of

BrowserOf = Callable[[User], Browser]
HTMX = {"HX-Request": "true", "HX-Source": "form"}


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ({"when": "PT30M"}, datetime(2027, 5, 4, 8, 30, tzinfo=UTC)),
        ({"when": "PT1H", "repeat": "FREQ=HOURLY"}, datetime(2027, 5, 4, 8, tzinfo=UTC)),
        ({"when": "P1D", "for_me": "on"}, datetime(2027, 5, 3, 9, tzinfo=UTC)),
        ({"when": "PT0S"}, datetime(2027, 5, 4, 9, tzinfo=UTC)),
        ({"when": "at", "at": "2027-05-03T18:00"}, datetime(2027, 5, 3, 16, tzinfo=UTC)),
    ],
)
def test_bob_adds_a_reminder(browser_of: BrowserOf, bob: User, sent: dict[str, str], at: datetime) -> None:
    update_profile(bob, now=NOW, timezone="Europe/Berlin")
    task = made(bob)
    answer = browser_of(bob).post(f"/tasks/{task.pk}/reminders/", sent, headers=HTMX)
    assert answer.status_code == 200, text(answer)
    reminder = Reminder.objects.get(task=task)
    assert reminder.next_at == at
    assert reminder.repeat == sent.get("repeat", "")
    assert (reminder.recipient == bob) is ("for_me" in sent)


def test_a_reminder_without_a_time_is_refused_beside_its_field(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob, due_date=None, due_time=None, recurrence=""), browser_of(bob)
    page = text(browser.get(f"/tasks/{task.pk}/reminders/"))
    assert "1 hour before" not in page, "there is no due date to count from"
    answer = browser.post(f"/tasks/{task.pk}/reminders/", {"when": "at", "at": ""})
    assert answer.status_code == 400
    assert "Must have a date and a time." in text(answer)


def test_an_intern_reminds_only_themselves(browser_of: BrowserOf, alice: User) -> None:
    ivo = person("ivo", Role.INTERN)
    task, browser = made(alice, assigned_to_id=ivo.pk), browser_of(ivo)
    assert "Only for you" in text(browser.get(f"/tasks/{task.pk}/reminders/"))
    browser.post(f"/tasks/{task.pk}/reminders/", {"when": "PT1H"})
    assert Reminder.objects.get(task=task).recipient == ivo


def test_a_deleted_reminder_comes_back_by_undo(browser_of: BrowserOf, bob: User) -> None:
    plan = ReminderPlan(before_due=parse_duration("P1W"), repeat="FREQ=DAILY", for_me=True)
    task, browser = made(bob, reminders=[plan]), browser_of(bob)
    before = Reminder.objects.get(task=task)
    address = f"/tasks/{task.pk}/reminders/delete/?reminder={before.pk}"
    assert address in read(browser, task)
    page = text(browser.post(address, headers=HTMX))
    assert not Reminder.objects.exists()
    undo = re.search(r'formaction="([^"]+)"', page)
    assert undo
    assert browser.post(undo[1].replace("&amp;", "&"), headers=HTMX).status_code == 200
    after = Reminder.objects.get(task=task)
    assert (after.next_at, after.repeat, after.recipient) == (before.next_at, before.repeat, bob)


def test_bob_does_not_delete_reminders_of_others(browser_of: BrowserOf, alice: User, bob: User) -> None:
    plans = [
        ReminderPlan(before_due=parse_duration("P1D")),
        ReminderPlan(before_due=parse_duration("P2D"), for_me=True),
    ]
    task, browser = made(alice, assigned_to_id=bob.pk, reminders=plans), browser_of(bob)
    assert "reminders/delete/" not in read(browser, task)
    codes = [
        browser.post(f"/tasks/{task.pk}/reminders/delete/?reminder={one}", headers=HTMX).status_code
        for one in (*Reminder.objects.order_by("pk").values_list("pk", flat=True), "x")
    ]
    assert sorted(codes) == [403, 404, 404]


@pytest.mark.parametrize(("wanted", "hours"), [("PT30M", 0.5), ("PT3H", 3)])
def test_bob_snoozes_for_himself(browser_of: BrowserOf, bob: User, wanted: str, hours: float) -> None:
    task, browser = made(bob), browser_of(bob)
    assert browser.post(f"/tasks/{task.pk}/snooze/?for={wanted}", headers=HTMX).status_code == 200
    reminder = Reminder.objects.get(task=task, is_snooze=True, recipient=bob)
    assert reminder.next_at is not None
    assert abs(reminder.next_at - utc_now() - timedelta(hours=hours)) < timedelta(minutes=1)
    assert "Snoozed by you, only for you." in words_of(read(browser, task))
    answer = browser.post(f"/tasks/{task.pk}/snooze/?for=tomorrow", headers=HTMX)
    assert "Reminds you tomorrow 9:00." in text(answer)
    assert browser.post(f"/tasks/{task.pk}/snooze/?for=ever", headers=HTMX).status_code == 400


def test_bob_reads_the_comments_and_adds_one(browser_of: BrowserOf, alice: User, bob: User, cy: User) -> None:
    task, browser = made(alice, assigned_to_id=bob.pk), browser_of(bob)
    add_comment(task.pk, "# Two **trays**\n<script>alert(1)</script>", by=alice, now=NOW)
    page = read(browser, task)
    assert "<h3>Two <strong>trays</strong></h3>" in page
    assert "<script>alert" not in page
    address = f"/tasks/{task.pk}/comments/"
    answer = browser.post(address, {"body": "They are @zoe's.", "next": f"/tasks/{task.pk}/"})
    assert answer["Location"] == f"/tasks/{task.pk}/"
    page = read(browser, task)
    assert "<p>They are @zoe's.</p>" in page
    assert "Not notified, because nobody with this name can see the task: @zoe" in page
    for body, words in (("", "Must not be empty."), ("x" * 20_001, "20,000")):
        for headers in ({}, HTMX):
            refused = browser.post(address, {"body": body}, headers=headers)
            assert refused.status_code == 400
            assert words in text(refused)
    assert browser_of(cy).post(address, {"body": "Me, too"}, headers=HTMX).status_code == 404
    assert task.comments.count() == 2  # type: ignore[attr-defined]


def test_only_its_author_edits_a_comment_and_owners_delete_any(browser_of: BrowserOf, alice: User, bob: User) -> None:
    task = made(alice, assigned_to_id=bob.pk)
    comment = add_comment(task.pk, "Here", by=bob, now=NOW)
    address = f"/tasks/{task.pk}/comments/{comment.pk}/"
    bobs, hers = browser_of(bob), browser_of(alice)
    assert "Delete this comment?" in text(hers.get(address, headers=HTMX))
    assert hers.post(address, {"body": "There"}, headers=HTMX).status_code == 403
    assert ">Here</textarea>" in text(bobs.get(address)).replace("\n", "")
    assert bobs.post(address, {"body": ""}, headers=HTMX).status_code == 400
    assert bobs.post(address, {"body": "There"}, headers=HTMX).status_code == 200
    assert Comment.objects.get().body == "There"
    assert "edited" in words_of(read(hers, task))
    cys = browser_of(person("cy"))
    assert cys.post(f"{address}delete/", headers=HTMX).status_code == 404
    assert hers.post(f"{address}delete/", headers=HTMX).status_code == 200
    page = words_of(read(bobs, task))
    assert "alice deleted a comment by bob." in page
    assert "There" not in page


def test_the_stream_is_filtered_and_goes_back_page_by_page(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob, recurrence=""), browser_of(bob)
    for number in range(MAX_ENTRIES + 5):
        add_comment(task.pk, f"No. {number}.", by=bob, now=NOW)
    page = read(browser, task)
    assert page.index(f"No. {MAX_ENTRIES + 4}.") < page.index("No. 5.")
    assert "No. 4." not in page
    older = re.search(r'href="(/tasks/\d+/story/[^"]+)"', page)
    assert older
    for headers in (HTMX, {}):
        answer: Any = browser.get(older[1].replace("&amp;", "&"), headers=headers)
        assert "No. 4." in text(answer)
        assert "You</b> created the task." in text(answer)
    assert "created the task" not in read(browser, task, "?show=comments")
    changes = read(browser, task, "?show=changes")
    assert "created the task" in changes
    assert "No. 5." not in changes
