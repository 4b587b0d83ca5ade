"""The fifth older contract: roles, a history of who changed what, and a clock that says what is overdue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import PASSWORD, Household
from tests.processes import eventually

YESTERDAY = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()


def signed_in(office: Household, name: str) -> httpx.Client:
    """By the path and the body of this contract."""
    program = office.stranger()
    answer = program.post("auth/login/", json={"username": f"{name}@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json().keys() == {"access", "refresh"}
    program.headers["Authorization"] = f"Bearer {answer.json()['access']}"
    return program


@pytest.fixture(scope="module")
def emil(office: Household, admin: httpx.Client) -> httpx.Client:
    """Speaks for an intern."""
    pk = office.newcomer("emil").get("profile/").json()["id"]
    assert admin.patch(f"users/{pk}/", json={"role": "INTERN"}).json()["role"] == "INTERN"
    return signed_in(office, "emil")


@pytest.fixture(scope="module")
def work(admin: httpx.Client, emil: httpx.Client) -> str:
    """The path of a task that the admin gave to the intern."""
    patch = {"title": "Sort the mail", "priority": "LOW", "assigned_to": emil.get("profile/").json()["id"]}
    answer = admin.post("tasks/", json=patch)
    assert answer.status_code == 201
    return f"tasks/{answer.json()['id']}/"


def test_an_intern_does_the_work_and_does_not_decide_about_it(
    admin: httpx.Client, emil: httpx.Client, work: str
) -> None:
    assert emil.get(work).json()["title"] == "Sort the mail"
    assert emil.patch(work, json={"status": "IN_PROGRESS"}).json()["status"] == "IN_PROGRESS"
    assert emil.patch(work, json={"title": "Nap"}).status_code == 403
    assert emil.delete(work).status_code == 403
    assert emil.post("tasks/", json={"title": "Nap"}).status_code == 403
    assert admin.patch(work, json={"priority": "HIGH"}).json()["priority"] == "HIGH"


def test_an_admin_sees_everything_and_an_intern_what_is_theirs(
    office: Household, admin: httpx.Client, emil: httpx.Client, work: str
) -> None:
    pk = office.newcomer("elsa").post("tasks/", json={"title": "Elsa's own"}).json()["id"]
    assert admin.get(f"tasks/{pk}/").status_code == 200
    assert emil.get(f"tasks/{pk}/").status_code == 404
    assert {f"tasks/{task['id']}/" for task in emil.get("tasks/").json()["results"]} == {work}
    assert office.stranger().get("tasks/").status_code == 401


def test_nobody_gives_themselves_a_role(emil: httpx.Client) -> None:
    me = emil.get("profile/").json()["id"]
    assert emil.patch(f"users/{me}/", json={"role": "ADMIN"}).status_code == 403
    assert emil.get("profile/").json()["role"] == "INTERN"


@pytest.mark.parametrize("slash", ["/", ""])
def test_the_history_says_who_changed_what_from_what_to_what_and_when(
    admin: httpx.Client, emil: httpx.Client, work: str, slash: str
) -> None:
    pk, me = int(work.split("/")[1]), emil.get("profile/").json()["id"]
    begin = datetime.now(UTC)
    before = emil.get(work).json()["status"]
    after = "PENDING" if before == "IN_PROGRESS" else "IN_PROGRESS"
    assert emil.patch(work, json={"status": after}).status_code == 200
    for program in (admin, emil):
        line = program.get(f"tasks/logs{slash}", params={"task": pk}).json()["results"][0]
        assert (line["user"], line["task"], line["action"], line["field"]) == (me, pk, "updated", "status")
        assert (line["old_value"], line["new_value"]) == (before, after)
        assert begin <= datetime.fromisoformat(line["timestamp"]) <= datetime.now(UTC)


def test_the_clock_turns_what_is_late_overdue_and_writes_that_down(office: Household) -> None:
    erna = office.newcomer("erna")
    made = {status: _late(erna, status) for status in ("PENDING", "IN_PROGRESS", "COMPLETED")}

    def overdue() -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = erna.get("tasks/?status=OVERDUE").json()["results"]
        return tasks if len(tasks) == 2 else []

    found = eventually(overdue, within=15)
    assert {task["id"] for task in found} == {made["PENDING"], made["IN_PROGRESS"]}
    assert {task["stage"] for task in found} == {"PENDING", "IN_PROGRESS"}
    assert erna.get(f"tasks/{made['COMPLETED']}/").json()["status"] == "COMPLETED"
    (line,) = erna.get("tasks/logs/", params={"task": made["IN_PROGRESS"], "action": "overdue"}).json()["results"]
    assert (line["user"], line["old_value"], line["new_value"]) == (None, "IN_PROGRESS", "OVERDUE")
    office.mail_about("Overdue: PENDING", to="erna")


def _late(program: httpx.Client, status: str) -> int:
    answer = program.post("tasks/", json={"title": status, "status": status, "due_date": YESTERDAY})
    assert answer.status_code == 201
    return int(answer.json()["id"])


def test_what_is_overdue_can_be_finished_and_put_off_and_nobody_can_set_it(office: Household) -> None:
    edda = office.newcomer("edda")
    in_time = edda.post("tasks/", json={"title": "In time", "due_date": "2031-01-01"}).json()["id"]
    assert edda.patch(f"tasks/{in_time}/", json={"status": "OVERDUE"}).status_code == 400
    late = [f"tasks/{_late(edda, 'IN_PROGRESS')}/" for _ in range(2)]
    for path in late:
        eventually(lambda path=path: edda.get(path).json()["status"] == "OVERDUE", within=15)  # type: ignore[misc]
    assert edda.patch(late[0], json={"status": "COMPLETED"}).json()["status"] == "COMPLETED"
    assert edda.patch(late[1], json={"due_date": "2031-01-01"}).json()["status"] == "IN_PROGRESS"
    assert edda.get("tasks/?status=OVERDUE").json()["results"] == []


def test_the_second_page_follows_the_first(office: Household) -> None:
    egon = office.newcomer("egon")
    for number in range(51):
        assert egon.post("tasks/", json={"title": f"Task {number}"}).status_code == 201
    first, second = (egon.get(f"tasks/?page={page}").json() for page in (1, 2))
    assert first["count"] == second["count"] == 51
    assert [task["title"] for task in second["results"]] == ["Task 0"]
    assert first["next"].endswith("/api/tasks/?page=2")
    assert len(egon.get("tasks?page=2").json()["results"]) == 1


def test_the_admin_pages_ask_who_one_is(office: Household) -> None:
    answer = office.stranger().get(f"{office.tree.base_url}/admin/", follow_redirects=True)
    assert answer.status_code == 200
    assert "password" in answer.text
