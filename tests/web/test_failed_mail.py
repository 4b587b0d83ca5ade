"""A mail that was refused is told to the person it was for and to the admin, who can send it again."""

from datetime import timedelta

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.people.notifications import SESSION_ENDED
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from tests.web.conftest import Browser
from tests.web.test_admin import BrowserOf

REFUSED = "550 no such mailbox"


@pytest.fixture
def failed(bob: User) -> Delivery:
    now = utc_now() - timedelta(hours=1)
    notify([Message(bob.pk, SESSION_ENDED, key="failed", due_at=now)], now=now)
    Delivery.objects.update(
        state=DeliveryState.FAILED, attempt=3, server_reply=REFUSED, reason="The mail server refused it."
    )
    return Delivery.objects.get()


def test_bob_sees_that_a_mail_did_not_reach_him_and_why(browser_of: BrowserOf, bob: User, failed: Delivery) -> None:
    browser = browser_of(bob)
    assert "could not be delivered" in browser.get("/").content.decode()
    assert REFUSED in browser.get("/notifications/").content.decode()


def test_it_does_not_name_a_task_that_bob_no_longer_sees(
    browser_of: BrowserOf, alice: User, bob: User, failed: Delivery
) -> None:
    task = create_task(TaskPatch(title="Alice's secret"), by=alice, now=utc_now())
    Notification.objects.filter(pk=failed.notification_id).update(task=task)
    page = browser_of(bob).get("/notifications/").content.decode()
    assert REFUSED in page
    assert "secret" not in page


def test_alice_hears_nothing_of_bobs_mail_on_her_own_page(browser_of: BrowserOf, alice: User, failed: Delivery) -> None:
    browser = browser_of(alice)
    for path in ("/", "/notifications/"):
        assert "could not be delivered" not in browser.get(path).content.decode()


def test_alice_sends_a_mail_again_that_the_server_had_refused(
    browser_of: BrowserOf, alice: User, failed: Delivery
) -> None:
    admin: Browser = browser_of(alice)
    chosen = {"action": "send_again", "_selected_action": [failed.notification_id]}
    answer = admin.post("/admin/notifications/notification/", chosen, follow=True)
    assert "1 email will be sent again." in answer.content.decode()
    failed.refresh_from_db()
    assert (failed.state, failed.attempt, failed.reason) == (DeliveryState.PENDING, 0, "")
