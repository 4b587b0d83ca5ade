"""The second older contract: tasks in categories, a profile for everybody, and pages about the API itself."""

import re

import httpx
import pytest

from tests.journeys.conftest import PASSWORD, Household

pytestmark = pytest.mark.usefixtures("admin")
FORM = {"username": "berta", "email": "berta@example.org", "password": PASSWORD}


@pytest.fixture(scope="module")
def berta(office: Household) -> httpx.Client:
    """Registers and gets her token by the paths of this contract."""
    program = office.stranger()
    assert program.post("register/", json=FORM).status_code == 201
    pair = program.post("token/", json={"username": FORM["username"], "password": PASSWORD}).json()
    assert set(pair) == {"access", "refresh"}
    fresh = program.post("token/refresh/", json={"refresh": pair["refresh"]}).json()
    program.headers["Authorization"] = f"Bearer {fresh['access']}"
    return program


def category(program: httpx.Client, name: str) -> int:
    answer = program.post("categories/", json={"name": name})
    assert answer.status_code == 201
    return int(answer.json()["id"])


def test_whoever_registers_has_a_profile_and_may_change_it(berta: httpx.Client) -> None:
    before = berta.get("profile/").json()
    assert (before["username"], before["email"]) == ("berta", "berta@example.org")
    changed = berta.put("profile/", json=before | {"first_name": "Berta", "timezone": "Europe/Berlin"})
    assert changed.status_code == 200
    assert berta.get("profile").json() == before | {"first_name": "Berta", "timezone": "Europe/Berlin"}


def test_tasks_are_found_by_their_category(berta: httpx.Client) -> None:
    garden, house = category(berta, "Garden"), category(berta, "House")
    for title, where in (("Rake", garden), ("Mow", garden), ("Paint", house), ("Rest", None)):
        assert berta.post("tasks/", json={"title": title, "category": where}).status_code == 201
    page = berta.get("tasks/", params={"category": garden}).json()
    assert {(task["title"], task["category_name"]) for task in page["results"]} == {
        ("Rake", "Garden"),
        ("Mow", "Garden"),
    }
    assert {"Garden", "House"} <= {row["name"] for row in berta.get("categories/").json()["results"]}


def test_a_category_that_does_not_exist_cannot_be_given(berta: httpx.Client) -> None:
    answer = berta.post("tasks/", json={"title": "Nowhere", "category": 999999})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "category")


def test_a_task_has_a_due_date_and_a_priority_and_can_be_completed(berta: httpx.Client) -> None:
    patch = {"title": "Tax", "description": "All of it", "due_date": "2030-05-31", "priority": "HIGH"}
    task = berta.post("tasks/", json=patch).json()
    assert {name: task[name] for name in patch} == patch
    path = f"tasks/{task['id']}/"
    done = berta.put(path, json=patch | {"status": "COMPLETED"}).json()
    assert done["status"] == "COMPLETED"
    assert done["completed_at"]
    assert done in berta.get("tasks/", params={"completed": "true"}).json()["results"]
    assert berta.delete(path).status_code == 204
    assert berta.get(path).status_code == 404


def test_many_tasks_come_in_pages(office: Household) -> None:
    bert = office.newcomer("bert")
    for number in range(5):
        bert.post("tasks/", json={"title": f"Page {number}"})
    first = bert.get("tasks/?page_size=2").json()
    second = bert.get(first["next"]).json()
    last = bert.get(second["next"]).json()
    assert first["count"] == second["count"] == last["count"] == 5
    titles = [task["title"] for page in (first, second, last) for task in page["results"]]
    assert titles == [f"Page {number}" for number in (4, 3, 2, 1, 0)]
    assert (first["previous"], last["next"]) == (None, None)
    assert bert.get(last["previous"]).json()["results"] == second["results"]


def test_tasks_of_one_person_are_no_business_of_another(office: Household, berta: httpx.Client) -> None:
    pk = berta.post("tasks/", json={"title": "Secret"}).json()["id"]
    assert office.newcomer("benno").get(f"tasks/{pk}/").status_code == 404
    assert office.stranger().get("tasks/").status_code == 401


def test_the_pages_about_the_api_need_nothing_from_elsewhere(office: Household) -> None:
    page = office.stranger().get("docs/")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert path.startswith("/"), path
        assert office.stranger().get(f"{office.tree.base_url}{path}").status_code == 200
    document = office.stranger().get("schema/").json()
    assert {"/api/tasks/", "/api/categories/", "/api/profile/", "/api/token/"} <= set(document["paths"])
