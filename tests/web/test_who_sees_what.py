"""Who reads which page and may post what; and that nobody finds what they can't see."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity
from taskbell.common.clock import utc_now
from taskbell.people.invitations import invite
from taskbell.sharing.members import add_member, remove_member
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from tests.web.addresses import EVERYTHING, FOR_ADMINS, FORMS, PAGES, VERBS, world_of
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]
OF_BO = ("Rose of bo", "Garden of bo")
ABOUT_SOMETHING = [name for name, needs in (PAGES | VERBS).items() if {"task", "project"} & set(needs.split())]


@pytest.mark.parametrize("name", EVERYTHING.keys() - {"home"})
def test_strangers_are_led_to_sign_in_and_an_open_page_says_that_the_session_has_ended(
    browser: Browser, bo: User, name: str
) -> None:
    address, act = world_of(bo).address(name), browser.post if name in VERBS else browser.get
    answer = act(address)
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in/")
    if name not in ("email-change", "password-change"):
        fragment = act(address, HTTP_HX_REQUEST="true")
        assert fragment.status_code == 401
        assert "HX-Request" in fragment["Vary"]
        assert "<html" not in text(fragment)
    assert Activity.objects.exclude(user=bo).count() == 0


def test_what_bo_typed_is_not_sent_as_cy_who_has_signed_in_meanwhile(browser_of: BrowserOf, bo: User, cy: User) -> None:
    page_of_bo = {"HTTP_HX_REQUEST": "true", "HTTP_TASKBELL_PERSON": str(bo.pk)}
    assert f'data-person="{bo.pk}"' in text(browser_of(bo).get("/"))
    refused = browser_of(cy).post("/tasks/quick/", {"text": "Buy a ring"}, **page_of_bo)
    assert refused.status_code == 409
    assert "somebody else has signed in" in text(refused)
    assert not Task.objects.filter(title="Buy a ring").exists()
    assert browser_of(bo).post("/tasks/quick/", {"text": "Buy a ring"}, **page_of_bo).status_code == 200


@pytest.mark.parametrize("name", VERBS.keys() - {"task-needs", "task-reminders", "task-comments", "task-comment"})
def test_a_verb_is_no_page(browser_of: BrowserOf, ada: User, name: str) -> None:
    assert browser_of(ada).get(world_of(ada).address(name)).status_code == 405


@pytest.mark.parametrize("name", [*VERBS, *FORMS])
def test_a_verb_needs_the_token_of_the_browser(ada: User, name: str) -> None:
    browser = Browser()
    browser.sign_in("ada")
    address = world_of(ada).address(name)
    careful = Browser(enforce_csrf_checks=True)
    careful.cookies = browser.cookies
    assert careful.post(address).status_code == 403


@pytest.mark.parametrize("role", ["mia", "bo", "ivo"])
@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"task-edit"}))
def test_everybody_reads_every_page_of_their_own(
    browser_of: BrowserOf, request: pytest.FixtureRequest, ada: User, role: str, name: str
) -> None:
    person: User = request.getfixturevalue(role)
    world = world_of(ada)
    add_member(world.project.pk, person.pk, "OWNER" if role != "ivo" else "VIEWER", by=ada, now=utc_now())
    answer = browser_of(person).get(world.address(name))
    assert answer.status_code in ((200, 302, 403) if role == "ivo" else (200,))


@pytest.mark.parametrize("name", FOR_ADMINS)
def test_what_is_for_admins_is_refused_to_others(
    browser_of: BrowserOf, mia: User, bo: User, cy: User, name: str
) -> None:
    world = world_of(bo)
    for person in (mia, cy):
        answer = browser_of(person).get(world.address(name))
        assert (answer.status_code, answer["Location"]) == (302, "/")
        fragment = browser_of(person).get(world.address(name), HTTP_HX_REQUEST="true")
        assert fragment.status_code == 403


@pytest.mark.parametrize("name", sorted(PAGES))
def test_cy_finds_nothing_of_bo_on_any_page(browser_of: BrowserOf, bo: User, cy: User, name: str) -> None:
    world, mine = world_of(bo), world_of(cy)
    browser = browser_of(cy)
    Task.objects.filter(pk=world.task.pk).update(due_date=utc_now().date(), due_at=utc_now(), stage=Stage.IN_PROGRESS)
    queries = ("", "?everyone=true", f"?project={world.project.pk}", f"?q=Rose&task={world.task.pk}")
    for at in {world.address(name), mine.address(name)}:
        for query in queries:
            answer = browser.get(f"{at}{query}")
            assert answer.status_code in (200, 302, 404)
            assert not [words for words in OF_BO if words in text(answer)], (at, query)


@pytest.mark.parametrize("name", ABOUT_SOMETHING)
@pytest.mark.parametrize("is_htmx", [False, True])
def test_cy_changes_nothing_of_bo(browser_of: BrowserOf, bo: User, cy: User, name: str, is_htmx: bool) -> None:
    world, browser = world_of(bo), browser_of(cy)
    before, written = Task.objects.values().get(), Activity.objects.count()
    sent = {
        "stage": "COMPLETED",
        "due_date": "2030-01-01",
        "move_to": "",
        "person": cy.pk,
        "role": "OWNER",
        "do": "delete",
    }
    answer = browser.post(world.address(name), sent, **({"HTTP_HX_REQUEST": "true"} if is_htmx else {}))
    assert answer.status_code in (302, 404, 405) if not is_htmx else answer.status_code in (403, 404, 405)
    assert not [words for words in OF_BO if words in text(answer)]
    assert (Task.objects.values().get(), Activity.objects.count()) == (before, written)


def test_live_updates_tell_cy_that_a_task_of_bo_is_gone_and_no_more(browser_of: BrowserOf, bo: User, cy: User) -> None:
    world = world_of(bo)
    for name in ("home", "board", "tasks", "upcoming", "search", "calendar-period", "project", "trash"):
        view = world.address(name) + ("?q=Rose" if name == "search" else "")
        answer = browser_of(cy).get("/live/", {"ids": world.task.pk, "view": view})
        assert f'id="task-{world.task.pk}" data-gone' in text(answer), name
        assert not [words for words in OF_BO if words in text(answer)]


def test_bulk_changes_of_cy_do_not_reach_tasks_of_bo(browser_of: BrowserOf, bo: User, cy: User) -> None:
    world, mine = world_of(bo), world_of(cy)
    browser = browser_of(cy)
    browser.post("/tasks/bulk/", {"ids": [world.task.pk, mine.task.pk], "do": "delete"})
    browser.post("/tasks/bulk/", {"all": "true", "query": f"project={world.project.pk}", "do": "delete"})
    assert Task.objects.get(pk=world.task.pk).deleted_at is None
    assert Task.objects.get(pk=mine.task.pk).deleted_at is not None


def test_the_undo_of_bo_does_nothing_for_cy(browser_of: BrowserOf, bo: User, cy: User) -> None:
    world, browser = world_of(bo), browser_of(bo)
    answer = browser.post(world.address("task-complete"), HTTP_HX_REQUEST="true")
    undo = undo_in(answer)
    assert browser_of(cy).post(undo, HTTP_HX_REQUEST="true").status_code in (403, 404)
    assert Task.objects.get(pk=world.task.pk).stage == Stage.COMPLETED
    assert browser.post(undo, HTTP_HX_REQUEST="true").status_code == 200
    assert Task.objects.get(pk=world.task.pk).stage == Stage.PENDING


def test_the_undo_of_bo_is_his_alone_even_in_a_shared_project(browser_of: BrowserOf, bo: User, cy: User) -> None:
    world = world_of(bo)
    add_member(world.project.pk, cy.pk, "EDITOR", by=bo, now=utc_now())
    undo = undo_in(browser_of(bo).post(world.address("task-complete"), HTTP_HX_REQUEST="true"))
    assert browser_of(cy).post(undo, HTTP_HX_REQUEST="true").status_code == 404
    assert Task.objects.get(pk=world.task.pk).stage == Stage.COMPLETED


def undo_in(answer: Any) -> str:
    """The address of the button that undoes."""
    part: str = text(answer).partition('formaction="')[2].partition('"')[0]
    return part.replace("&amp;", "&")


def test_a_removed_member_finds_nothing_of_the_project_from_the_next_request_on(
    browser_of: BrowserOf, bo: User, cy: User
) -> None:
    world, browser = world_of(bo), browser_of(cy)
    add_member(world.project.pk, cy.pk, "EDITOR", by=bo, now=utc_now())
    Task.objects.update(due_date=utc_now().date(), due_at=utc_now())
    undo = undo_in(browser.post(world.address("task-stage"), {"stage": "IN_PROGRESS"}, HTTP_HX_REQUEST="true"))
    pages = [world.address(name) for name in PAGES]
    pages += [f"/live/?{urlencode({'ids': world.task.pk, 'view': page})}" for page in pages]
    before = {page for page in pages if [words for words in OF_BO if words in text(browser.get(page))]}
    assert {world.address(name) for name in ("task", "tasks", "board", "project", "projects", "activity")} <= before
    assert len(before) > len(PAGES) / 2
    remove_member(world.project.pk, cy.pk, by=bo, now=utc_now())
    after = {page for page in pages if [words for words in OF_BO if words in text(browser.get(page))]}
    assert after == set()
    assert browser.post(undo, HTTP_HX_REQUEST="true").status_code == 404
    assert Task.objects.get().stage == Stage.IN_PROGRESS


def test_people_who_manage_nobody_see_no_invitations_of_others(browser_of: BrowserOf, mia: User, bo: User) -> None:
    invite("new@example.org", Role.MEMBER, by=mia, now=utc_now())
    assert "new@example.org" in text(browser_of(mia).get("/people/"))
    assert "new@example.org" not in text(browser_of(bo).get("/people/"))


def test_ivo_has_no_buttons_for_what_he_may_not_do(browser_of: BrowserOf, ivo: User) -> None:
    browser = browser_of(ivo)
    assert browser.post(reverse("project-new"), {"name": "X", "colour": "blue"}).status_code == 403
    answer = browser.post(reverse("quick-add"), {"text": "Water"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 403
    assert not Task.objects.exists()
