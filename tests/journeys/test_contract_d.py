"""The fourth older contract: tasks for others, found by day, with mails to those who have to do them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Household

pytestmark = pytest.mark.usefixtures("admin")
WISH = {"title": "Write it up", "description": "With pictures", "priority": "HIGH", "status": "IN_PROGRESS"}
WISH |= {"due_date": "2031-03-31"}
PASSWORD = "password123"
NAMES = {"first_name": "Doris", "last_name": "Day"}


def person(office: Household, name: str) -> tuple[httpx.Client, dict[str, Any]]:
    """Somebody who came in by the paths of this contract, and what the answer said of them."""
    program = office.stranger()
    form = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **NAMES}
    answer = program.post("users/", json=form)
    assert answer.status_code == 201
    pair = program.post("token/", json={"username": name, "password": PASSWORD}).json()
    program.headers["Authorization"] = f"Bearer {pair['access']}"
    return program, answer.json()


@pytest.fixture(scope="module")
def doris(office: Household) -> httpx.Client:
    """Gives tasks away."""
    return person(office, "doris")[0]


@pytest.fixture(scope="module")
def dan(office: Household) -> dict[str, Any]:
    """Gets tasks from Doris, and mails about them once his address is confirmed."""
    account = person(office, "dan")[1]
    office.confirm("dan")
    return account


def test_an_account_is_made_read_changed_and_ended(office: Household) -> None:
    program, account = person(office, "dora")
    assert account == {"id": account["id"], "username": "dora", "email": "dora@example.org", **NAMES}
    path = f"users/{account['id']}"
    assert account.items() <= program.get(path).json().items()
    form = {"username": "dora", "email": "dora@example.org", "password": "password123", **NAMES}
    assert program.put(path, json=form | {"first_name": "Dora"}).json()["first_name"] == "Dora"
    assert program.patch(path, json={"last_name": "Night"}).json()["last_name"] == "Night"
    assert office.stranger().post("token/", json=form | {"x": 1}).status_code == 400
    sign_in = {"username": "dora", "password": form["password"]}
    assert office.stranger().post("token/", json=sign_in).status_code == 200
    assert program.delete(path).status_code == 204
    assert program.get(path).status_code == 401
    assert office.stranger().post("token/", json=sign_in).status_code == 401


def test_an_account_is_nobody_elses_to_change(doris: httpx.Client, dan: dict[str, Any]) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert doris.request(method, f"users/{dan['id']}", json={"email": "d@example.org"}).status_code == 403


def test_a_task_is_made_read_changed_and_deleted(doris: httpx.Client, dan: dict[str, Any]) -> None:
    patch = WISH | {"assigned_to": dan["id"]}
    created = doris.post("task/", json=patch)
    assert created.status_code == 201
    task = created.json()
    assert patch.items() <= task.items()
    path = f"task/{task['id']}"
    assert doris.get(path).json() == task
    anew = patch | {"title": "Write it anew", "due_date": "2031-03-15", "created_by": dan["id"]}
    put = doris.put(path, json=anew).json()
    assert put | {"created_by": dan["id"]} == put | anew
    assert put["created_by"] == task["created_by"]
    assert (put["created_at"], put["updated_at"] > task["updated_at"]) == (task["created_at"], True)
    some = {"title": "Write less", "priority": "LOW", "status": "PENDING", "assigned_to": dan["id"]}
    assert doris.patch(path, json=some).json().items() >= (anew | some | {"created_by": task["created_by"]}).items()
    assert doris.delete(path).status_code in (200, 204)
    assert doris.get(path).status_code == 404


@pytest.fixture(scope="module")
def calendar(office: Household) -> httpx.Client:
    """Speaks for somebody with a task on each of three days, and one for no day."""
    program = person(office, "dietrich")[0]
    for day, priority in (("2031-03-30", "HIGH"), ("2031-03-31", "HIGH"), ("2031-04-01", "LOW"), (None, "HIGH")):
        patch = {"title": str(day), "due_date": day, "priority": priority, "status": "IN_PROGRESS"}
        assert program.post("task/", json=patch).status_code == 201
    return program


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("priority=HIGH", ["2031-03-30", "2031-03-31", "None"]),
        ("status=IN_PROGRESS", ["2031-03-30", "2031-03-31", "2031-04-01", "None"]),
        ("status=PENDING", []),
        ("due_date=2031-03-31", ["2031-03-31"]),
        ("due_date_gte=2031-03-31", ["2031-03-31", "2031-04-01"]),
        ("due_date_gt=2031-03-31", ["2031-04-01"]),
        ("due_date_lte=2031-03-31", ["2031-03-30", "2031-03-31"]),
        ("due_date_lt=2031-03-31", ["2031-03-30"]),
        ("priority=HIGH&status=IN_PROGRESS&due_date_gte=2031-03-31&due_date_lte=2031-04-30", ["2031-03-31"]),
    ],
)
def test_tasks_are_found_by_day_priority_and_status(
    calendar: httpx.Client, slash: str, query: str, days: list[str]
) -> None:
    page = calendar.get(f"task{slash}?{query}").json()
    assert sorted(task["title"] for task in page["results"]) == days
    assert page["count"] == len(days)


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_report_counts_the_tasks_of_each_kind(office: Household, admin: httpx.Client, slash: str) -> None:
    program, me = person(office, f"dagmar{len(slash)}")
    name, path = me["username"], f"task-report-insight{slash}"
    for priority, status in (("HIGH", "PENDING"), ("HIGH", "COMPLETED"), ("LOW", "PENDING")):
        form = {"title": "x", "priority": priority, "status": status, "assigned_to": me["id"]}
        assert program.post("task/", json=form).status_code == 201
    assert program.get(path).json() == {
        "total": 3,
        "completed": 1,
        "pending": 2,
        "tasks_by_priority": {"LOW": 1, "MEDIUM": 0, "HIGH": 2, "URGENT": 0},
        "tasks_by_status": {"PENDING": 2, "IN_PROGRESS": 0, "COMPLETED": 1, "ARCHIVED": 0, "OVERDUE": 0},
        "tasks_assigned": {name: 3},
        "tasks_created": {name: 3},
        "tasks_due_soon": 0,
    }
    everything = admin.get(path).json()
    assert (everything["tasks_assigned"][name], everything["tasks_created"][name]) == (3, 3)
    assert everything["total"] == admin.get("task/").json()["count"]
    assert office.stranger().get(path).status_code == 401


def test_the_assignee_hears_of_a_new_task_and_of_what_changes(
    office: Household, doris: httpx.Client, dan: dict[str, Any]
) -> None:
    task = doris.post("task/", json=WISH | {"title": "Paint the fence", "assigned_to": dan["id"]}).json()
    mail = office.mail_about("Paint the fence", to="dan")
    assert mail.message.get_body(("html",)) is not None
    assert doris.patch(f"task/{task['id']}", json={"due_date": "2031-04-02", "status": "PENDING"}).status_code == 200
    office.send_as_if_later(timedelta(minutes=2))  # changes are gathered for a minute
    changed = office.mail_about("Changed: Paint the fence", to="dan").message.get_body(("plain",))
    assert changed is not None
    assert "→ Wednesday, 2 April 2031 (" in changed.get_content()
    to_doris = [mail for mail in office.sink.accepted if mail.recipient == "doris@example.org"]
    assert not [mail for mail in to_doris if "fence" in str(mail.message["Subject"])], "she did it herself"
