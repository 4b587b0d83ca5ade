"""The page of reports: bars for kinds, people and projects, and the same numbers as a file."""

import re
from collections.abc import Callable

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]
BAR = re.compile(r'<span class="name">([^<]*)</span><svg.*?<span class="value">(\d+)</span>')


def test_projects_and_people_have_bars_also_if_they_share_a_name(
    browser_of: BrowserOf, bo: User, cy: User, ivo: User
) -> None:
    User.objects.filter(pk__in=[cy.pk, ivo.pk]).update(first_name="Kim")
    gardens = [create_project({"name": "Garden"}, by=bo, now=utc_now()) for _ in range(2)]
    for number, place in ((1, gardens[0]), (2, gardens[1]), (3, bo.inbox)):
        for _ in range(number):
            create_task(TaskPatch(title="Dig", project_id=place.pk), by=bo, now=utc_now())
    for number, person in ((1, cy), (2, ivo)):
        for _ in range(number):
            create_task(TaskPatch(title="Rake", assigned_to_id=person.pk), by=bo, now=utc_now())
    browser = browser_of(bo)
    shown = BAR.findall(text(browser.get("/reports/")))
    for bar in (("Kim", "1"), ("Kim", "2"), ("Garden", "1"), ("Garden", "2"), ("Inbox", "6")):
        assert bar in shown
    only = BAR.findall(text(browser.get(f"/reports/?project={gardens[1].pk}")))
    assert [bar for bar in only if bar[0] in ("Garden", "Inbox")] == [("Garden", "2")]
    rows = text(browser.get("/reports/?format=csv")).split("\r\n")
    for row in ("tasks_by_project,Garden,1", "tasks_by_project,Garden,2", "tasks_by_project,Inbox,6"):
        assert row in rows


def test_an_admin_can_tell_the_inboxes_apart(browser_of: BrowserOf, bo: User, cy: User, ada: User) -> None:
    for person in (ada, bo, cy):
        create_task(TaskPatch(title="Dig"), by=person, now=utc_now())
    shown = BAR.findall(text(browser_of(ada).get("/reports/")))
    assert {("Inbox", "1"), ("Inbox of Bo", "1"), ("Inbox of Cy", "1")} <= set(shown)
