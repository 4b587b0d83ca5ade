"""Coming in by invitation, with a browser."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from taskbell.accounts.invites import INVITE_LIFETIME, token_of
from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import Role
from taskbell.accounts.queries import is_claimed
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.models import Delivery
from taskbell.people.invitations import invite, withdraw_invite
from tests.web.conftest import PASSWORD, Browser, text

BrowserOf = Callable[[User], Browser]
FORM = {"first_name": "Cy", "username": "cy", "password": PASSWORD}


@pytest.fixture
def invited(alice: User) -> Invite:
    """What Alice has sent to Cy."""
    return invite("cy@example.org", Role.INTERN, by=alice, now=utc_now())


def link_of(invited: Invite) -> str:
    return f"/invite/{token_of(invited.pk)}/"


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
def test_cy_joins_with_the_role_that_was_chosen_whatever_the_mode(
    browser: Browser, invited: Invite, settings: Settings, mode: str
) -> None:
    settings.TASKBELL_REGISTRATION = mode
    page = text(browser.get(link_of(invited)))
    assert "alice has invited you to join Taskbell as intern" in page
    assert 'value="cy@example.org"' in page
    answer = browser.post(link_of(invited), FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    cy = User.objects.get(username="cy")
    assert (cy.email, cy.role) == ("cy@example.org", Role.INTERN)
    assert "Welcome, Cy." in text(browser.get("/"))


def test_the_mail_leads_to_the_page(browser: Browser, invited: Invite) -> None:
    assert link_of(invited) in compose(Delivery.objects.get(), now=utc_now()).text
    assert browser.get(link_of(invited)).status_code == 200


def test_the_invitation_is_for_its_address_whatever_the_form_says(browser: Browser, invited: Invite) -> None:
    browser.post(link_of(invited), FORM | {"email": "eve@example.org"})
    assert User.objects.get(username="cy").email == "cy@example.org"


def test_an_invitation_works_once(browser: Browser, invited: Invite) -> None:
    Browser().post(link_of(invited), FORM)
    for answer in (browser.get(link_of(invited)), browser.post(link_of(invited), FORM | {"username": "cy2"})):
        assert answer.status_code == 404
        assert "This invitation has expired" in text(answer)
    assert User.objects.filter(email="cy@example.org").count() == 1


@pytest.mark.parametrize("token", ["x", "1", "ö", "1:x", "0" * 300])
def test_a_link_that_nobody_signed_leads_nowhere(browser: Browser, alice: User, token: str) -> None:
    assert browser.get(f"/invite/{token}/").status_code == 404


def test_an_invitation_that_is_withdrawn_or_too_old_is_over(browser: Browser, alice: User, invited: Invite) -> None:
    Invite.objects.update(expires_at=utc_now() - timedelta(seconds=1))
    assert browser.get(link_of(invited)).status_code == 404
    Invite.objects.update(expires_at=utc_now() + INVITE_LIFETIME)
    withdraw_invite(invited.pk, by=alice, now=utc_now())
    assert browser.post(link_of(invited), FORM).status_code == 404


def test_a_mistake_leaves_the_invitation_open(browser: Browser, invited: Invite) -> None:
    assert browser.post(link_of(invited), FORM | {"password": "short"}).status_code == 400
    assert browser.post(link_of(invited), FORM | {"username": "alice"}).status_code == 409
    assert browser.post(link_of(invited), FORM).status_code == 302


def test_somebody_who_is_signed_in_is_told_that_this_is_another_account(
    browser_of: BrowserOf, alice: User, invited: Invite
) -> None:
    browser = browser_of(alice)
    assert "Joining creates a second account" in text(browser.get(link_of(invited)))
    assert browser.post(link_of(invited), FORM).status_code == 302
    assert "cy@example.org" in text(browser.get("/settings/security/"))
    assert is_claimed()
