"""The editor of a recurrence rule says the same as the rule."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from taskbell.web.task_rule import fields_of, rule_of
from tests.web.conftest import Browser, text
from tests.web.test_task import made
from tests.web.test_task_edit import HTMX, save

BrowserOf = Callable[[User], Browser]
TUESDAY = date(2027, 5, 4)


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;COUNT=10", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=YEARLY"),
        *("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20271231", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        *("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=5"),
        *(
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
            "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14",
            "FREQ=DAILY;UNTIL=20271231T090000Z",
        ),
        "",
    ],
)
def test_a_rule_that_is_opened_and_saved_stays_as_it_was(rule: str) -> None:
    assert rule_of(fields_of(rule, TUESDAY), TUESDAY) == rule


def test_every_weekday_is_a_weekly_rule() -> None:
    fields = fields_of("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", TUESDAY)
    assert rule_of(fields, TUESDAY) == "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


def test_a_new_rule_begins_with_the_day_of_the_due_date() -> None:
    fields = fields_of("", TUESDAY)
    assert rule_of(fields | {"frequency": "WEEKLY"}, TUESDAY) == "FREQ=WEEKLY;BYDAY=TU"
    assert rule_of(fields | {"frequency": "MONTHLY"}, TUESDAY) == "FREQ=MONTHLY;BYMONTHDAY=4"
    assert rule_of(fields | {"frequency": "MONTHLY", "by": "weekday"}, TUESDAY) == "FREQ=MONTHLY;BYDAY=1TU"


def test_bob_makes_a_task_repeat_and_stop_repeating(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob, recurrence=""), browser_of(bob)
    sent: dict[str, Any] = {"frequency": "WEEKLY", "interval": "2", "weekdays": ["TU", "FR"], "ends": "never"}
    assert save(browser, task, "repeats", sent | {"recurrence_from": "completion"}).status_code == 200
    task.refresh_from_db()
    assert (task.recurrence, task.recurrence_from) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR", "completion")
    assert save(browser, task, "repeats", {"frequency": ""}).status_code == 200
    assert Task.objects.get(pk=task.pk).recurrence == ""


def test_a_task_without_a_due_date_gets_one_with_its_rule(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob, recurrence="", due_date=None, due_time=None), browser_of(bob)
    answer = save(browser, task, "repeats", {"frequency": "DAILY"})
    assert answer.status_code == 400
    assert "A task that repeats needs a due date." in text(answer)
    assert save(browser, task, "repeats", {"frequency": "DAILY", "due_date": "2027-05-04"}).status_code == 200
    task.refresh_from_db()
    assert (task.due_date, task.recurrence) == (TUESDAY, "FREQ=DAILY")


@pytest.mark.usefixtures("in_november")
def test_the_preview_says_the_rule_and_the_next_three_dates(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob, recurrence=""), browser_of(bob)
    sent = {"frequency": "MONTHLY", "by": "weekday", "nth": "1", "nth_day": "TU", "preview": "true"}
    for headers in (HTMX, {}):
        answer = browser.post(f"/tasks/{task.pk}/edit/?field=repeats", sent, headers=headers)
        assert answer.status_code == 200
        words = "Every month on the first Tuesday. Next: 1 Jun 2027, 6 Jul 2027, 3 Aug 2027."
        assert words in text(answer)
    assert Task.objects.get(pk=task.pk).recurrence == "", "nothing is saved"
