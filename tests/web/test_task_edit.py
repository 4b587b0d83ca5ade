"""A task is edited part by part; what two people change at once merges, or is shown beside each other."""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.projects.models import ProjectRole
from taskbell.tasks.actions import update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.web.conftest import Browser, person, text
from tests.web.test_task import made, shared, words_of

BrowserOf = Callable[[User], Browser]
HTMX = {"HX-Request": "true", "HX-Source": "form"}


def form_of(browser: Browser, task: Task, field: str) -> dict[str, str]:
    """The marks that an opened form carries."""
    page = text(browser.get(f"/tasks/{task.pk}/edit/?field={field}", headers=HTMX))
    return dict(re.findall(r'name="(was-[a-z_]+)" value="([^"]+)"', page))


def save(browser: Browser, task: Task, field: str, sent: Mapping[str, Any], **headers: str) -> Any:
    return browser.post(f"/tasks/{task.pk}/edit/?field={field}", sent, headers=HTMX | headers)


@pytest.mark.parametrize(
    ("field", "sent", "column", "value"),
    [
        ("title", {"title": "  Order basil "}, "title", "Order basil"),
        ("description", {"description": "One\r\ntray"}, "description", "One\ntray"),
        ("priority", {"priority": "4"}, "priority", Priority.URGENT.value),
        ("stage", {"stage": "IN_PROGRESS"}, "stage", Stage.IN_PROGRESS),
        ("assign", {"assigned_to_id": ""}, "assigned_to_id", None),
        ("category", {"category": "Garden"}, "category__name", "Garden"),
        ("labels", {"labels": "beds, urgent,"}, "labels", ["beds", "urgent"]),
        ("due", {"due_date": "2027-06-01", "due_time": "", "applies": "all"}, "due_time", None),
        ("due", {"due_date": "2027-05-04", "due_time": "09:00", "day": "2027-06-02"}, "due_date", date(2027, 6, 2)),
    ],
)
def test_bob_changes_one_field(
    browser_of: BrowserOf, bob: User, field: str, sent: dict[str, str], column: str, value: Any
) -> None:
    task, browser = made(bob, assigned_to_id=bob.pk, recurrence=""), browser_of(bob)
    answer = save(browser, task, field, sent | form_of(browser, task, field))
    assert answer.status_code == 200, text(answer)
    assert "saved." in text(answer)
    assert f'"ids": [{task.pk}]' in answer["HX-Trigger"]
    if column == "labels":
        assert list(Label.objects.filter(links__task=task).values_list("name", flat=True)) == value
    else:
        assert Task.objects.filter(pk=task.pk).values_list(column, flat=True).get() == value


def test_without_javascript_the_form_is_in_the_page_and_leads_back_to_it(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob), browser_of(bob)
    page = text(browser.get(f"/tasks/{task.pk}/edit/?field=due"))
    assert "<h1" in page
    assert 'id="edit-due_date"' in page
    assert f'name="next" value="/tasks/{task.pk}/"' in page
    sent = {"title": "Order basil", "next": f"/tasks/{task.pk}/"}
    answer = browser.post(f"/tasks/{task.pk}/edit/?field=title", sent)
    assert answer.status_code == 302
    assert answer["Location"] == f"/tasks/{task.pk}/"
    assert "“Order basil” saved." in text(browser.get(answer["Location"]))


def test_a_list_opens_the_same_form_in_a_dialog(browser_of: BrowserOf, bob: User) -> None:
    task = made(bob)
    page = text(browser_of(bob).get(f"/tasks/{task.pk}/edit/?field=priority", headers={"HX-Request": "true"}))
    assert "<h2>Priority</h2>" in page
    assert "<html" not in page


@pytest.mark.parametrize(("field", "words"), [("reminder", "1 hour before"), ("comment", "Write a comment")])
def test_keys_in_lists_open_the_other_forms_by_the_same_address(
    browser_of: BrowserOf, bob: User, field: str, words: str
) -> None:
    task = made(bob)
    page = text(browser_of(bob).get(f"/tasks/{task.pk}/edit/?field={field}", headers={"HX-Request": "true"}))
    assert words in page
    assert "<html" not in page


def test_a_mistake_is_shown_beside_its_field_with_what_was_typed(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob), browser_of(bob)
    for field, sent, words in (
        ("title", {"title": ""}, "This field is required."),
        ("title", {"title": "x" * 256}, "Must have at most 255 characters."),
        ("due", {"due_date": "soon", "applies": "all"}, "Enter a valid date."),
        ("due", {"due_date": "1066-10-14", "applies": "all"}, "Must be between"),
        ("repeats", {"frequency": "CUSTOM", "rule": "FREQ=NOW"}, "FREQ must be"),
        ("repeats", {"frequency": "DAILY", "ends": "count"}, "Must have a number of times."),
        ("labels", {"labels": "x" * 51}, "Must have at most 50 characters."),
        ("assign", {"assigned_to_id": "999"}, "There is no active person with this id."),
    ):
        for headers in ({}, HTMX):
            answer = browser.post(f"/tasks/{task.pk}/edit/?field={field}", sent, headers=headers)
            assert answer.status_code == 400, (field, sent)
            assert words in text(answer), (field, sent, text(answer)[-3000:])
    assert Task.objects.get(pk=task.pk).version == 1


def test_what_does_not_overlap_merges(browser_of: BrowserOf, alice: User, bob: User) -> None:
    task, browser = made(bob, recurrence=""), browser_of(bob)
    opened = form_of(browser, task, "due")
    update_task(task.pk, TaskPatch(title="Order basil", due_time=time(10)), by=alice, now=NOW)
    sent = {"due_date": "2027-05-06", "due_time": "09:00", "timezone": "UTC"} | opened
    assert save(browser, task, "due", sent).status_code == 200
    task.refresh_from_db()
    assert (task.title, task.due_date, task.due_time) == ("Order basil", date(2027, 5, 6), time(10))


@pytest.mark.parametrize(("choice", "title"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_what_overlaps_is_shown_beside_each_other(
    browser_of: BrowserOf, alice: User, bob: User, choice: str, title: str
) -> None:
    task, browser = made(bob), browser_of(bob)
    opened = form_of(browser, task, "title")
    update_task(task.pk, TaskPatch(title="Theirs"), by=alice, now=NOW)
    for headers in (HTMX, {}):
        answer = browser.post(f"/tasks/{task.pk}/edit/?field=title", {"title": "Mine"} | opened, headers=headers)
        assert answer.status_code == 412
        page = text(answer)
        assert "alice has changed the title in the meantime:" in words_of(page)
        assert 'value="Mine"' in page
        assert "Theirs" in page
    marks = dict(re.findall(r'name="(was-[a-z_]+)" value="([^"]+)"', page))
    assert save(browser, task, "title", {"title": "Mine", "choice-title": choice} | marks).status_code == 200
    assert Task.objects.get(pk=task.pk).title == title


def test_both_wanting_the_same_is_no_conflict(browser_of: BrowserOf, alice: User, bob: User) -> None:
    task, browser = made(bob), browser_of(bob)
    opened = form_of(browser, task, "title")
    update_task(task.pk, TaskPatch(title="Same"), by=alice, now=NOW)
    answer = save(browser, task, "title", {"title": "Same"} | opened)
    assert answer.status_code == 200
    assert "Nothing has changed." in text(answer)


def test_a_mistake_does_not_make_the_form_forget_what_it_is_based_on(
    browser_of: BrowserOf, alice: User, bob: User
) -> None:
    task, browser = made(bob), browser_of(bob)
    opened = form_of(browser, task, "title")
    update_task(task.pk, TaskPatch(title="Theirs"), by=alice, now=NOW)
    page = text(save(browser, task, "title", {"title": ""} | opened))
    assert dict(re.findall(r'name="(was-[a-z_]+)" value="([^"]+)"', page)) == opened


@pytest.mark.parametrize(("applies", "anchor"), [("this", date(2027, 5, 4)), ("all", date(2027, 5, 6))])
def test_bob_moves_only_this_one_or_all_that_follow(
    browser_of: BrowserOf, bob: User, applies: str, anchor: date
) -> None:
    task, browser = made(bob, recurrence="FREQ=WEEKLY"), browser_of(bob)
    sent = {"due_date": "2027-05-06", "due_time": "10:30", "timezone": "UTC", "applies": applies}
    assert save(browser, task, "due", sent).status_code == 200
    task.refresh_from_db()
    assert (task.due_date, task.due_time, task.anchor_date) == (date(2027, 5, 6), time(10, 30), anchor)


def test_a_change_can_be_undone(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob), browser_of(bob)
    page = text(save(browser, task, "title", {"title": "Other"}))
    address = re.search(r'formaction="(/undo/[^"]+)"', page)
    assert address
    assert browser.post(address[1].replace("&amp;", "&")).status_code == 302
    assert Task.objects.get(pk=task.pk).title != "Other"


def test_who_may_only_work_on_a_task_can_hand_it_back_and_nothing_else(
    browser_of: BrowserOf, alice: User, bob: User
) -> None:
    task, browser = made(alice, assigned_to_id=bob.pk), browser_of(bob)
    assert save(browser, task, "title", {"title": "Mine"}).status_code == 403
    page = text(browser.get(f"/tasks/{task.pk}/edit/?field=assign", headers=HTMX))
    assert re.findall(r'<option value="(\d*)"', page) == ["", str(alice.pk), str(bob.pk)]
    assert save(browser, task, "assign", {"assigned_to_id": str(alice.pk)}).status_code == 200
    assert Task.objects.get(pk=task.pk).assigned_to == alice


def test_a_shared_project_offers_its_members_and_moves_offer_projects_to_write_in(
    browser_of: BrowserOf, alice: User, bob: User
) -> None:
    person("vera")
    garden, closed = shared(alice, bob=ProjectRole.EDITOR), shared(alice, bob=ProjectRole.VIEWER)
    task, browser = made(bob, project_id=garden.pk), browser_of(bob)
    page = text(browser.get(f"/tasks/{task.pk}/edit/?field=assign", headers=HTMX))
    assert "vera" not in page
    assert "alice" in page
    to_members = f'href="/projects/{garden.pk}/members/"'
    assert to_members not in page, "Bob may not add anybody"
    assert to_members in text(browser_of(alice).get(f"/tasks/{task.pk}/edit/?field=assign", headers=HTMX))
    page = text(browser.get(f"/tasks/{task.pk}/edit/?field=move", headers=HTMX))
    assert f'value="{garden.pk}" selected' in page
    assert f'value="{bob.inbox.pk}"' in page
    assert f'value="{closed.pk}"' not in page
    assert save(browser, task, "move", {"project_id": str(bob.inbox.pk)}).status_code == 200
    assert Task.objects.get(pk=task.pk).project_id == bob.inbox.pk


def test_a_known_category_is_found_by_its_name_and_a_new_one_is_for_those_who_may(
    browser_of: BrowserOf, alice: User, bob: User
) -> None:
    known = create_category("Garden", by=alice, now=NOW)
    task, browser = made(bob), browser_of(bob)
    assert save(browser, task, "category", {"category": " garden "}).status_code == 200
    assert Task.objects.get(pk=task.pk).category == known
    assert save(browser, task, "category", {"category": "x" * 101}).status_code == 400
    assert save(browser, task, "category", {"category": ""}).status_code == 200
    assert Task.objects.get(pk=task.pk).category is None


def needs(browser: Browser, task: Task, query: str, method: str = "post", **headers: str) -> Any:
    return getattr(browser, method)(f"/tasks/{task.pk}/needs/?{query}", headers=headers)


def test_bob_says_what_has_to_be_done_first(browser_of: BrowserOf, bob: User) -> None:
    soil, task, browser = made(bob, title="Buy soil"), made(bob), browser_of(bob)
    for query in ("q=soil", f"q={soil.pk}"):
        assert f"?add={soil.pk}" in text(needs(browser, task, query, "get", **HTMX))
    assert "No open task matches." in text(needs(browser, task, "q=manure", "get"))
    answer = needs(browser, task, f"add={soil.pk}", **HTMX)
    assert answer.status_code == 200
    assert f"needs/?remove={soil.pk}" in text(answer), "the toast undoes it"
    assert Prerequisite.objects.filter(task=task, needs=soil).exists()
    assert f"?remove={soil.pk}" in text(needs(browser, task, "", "get"))
    needs(browser, task, f"remove={soil.pk}", **HTMX)
    assert not Prerequisite.objects.exists()


def test_a_circle_is_refused_with_its_path(browser_of: BrowserOf, bob: User) -> None:
    soil = made(bob, title="Buy soil")
    task = made(bob, title="Dig", pre_tasks=[soil.pk])
    browser, path = browser_of(bob), "“Buy soil” → “Dig” → “Buy soil”"
    answer = needs(browser, soil, f"add={task.pk}", **HTMX)
    assert (answer.status_code, path in text(answer)) == (409, True)
    answer = needs(browser, soil, f"add={task.pk}")
    assert (answer.status_code, path in text(answer)) == (400, True)
    assert needs(browser, soil, "add=x", **HTMX).status_code == 409


def test_hidden_prerequisites_stay_when_others_are_added(browser_of: BrowserOf, alice: User, bob: User) -> None:
    garden = shared(alice, bob=ProjectRole.EDITOR)
    secret, soil = made(alice, title="Secret"), made(bob, title="Buy soil")
    task = made(alice, project_id=garden.pk, pre_tasks=[secret.pk])
    assert needs(browser_of(bob), task, f"add={soil.pk}", **HTMX).status_code == 200
    assert set(Prerequisite.objects.values_list("needs", flat=True)) == {secret.pk, soil.pk}


def test_an_intern_changes_no_prerequisites(browser_of: BrowserOf, alice: User) -> None:
    ivo = person("ivo", Role.INTERN)
    task = made(alice, assigned_to_id=ivo.pk)
    assert needs(browser_of(ivo), task, f"add={task.pk}", **HTMX).status_code == 403
