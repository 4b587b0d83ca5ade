"""The third older contract: tasks with an owner, a schedule, and others that come first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Household

pytestmark = pytest.mark.usefixtures("admin")


@pytest.fixture(scope="module")
def carla(office: Household) -> httpx.Client:
    """Speaks for Carla."""
    return office.newcomer("carla")


def made(program: httpx.Client, title: str, **fields: Any) -> dict[str, Any]:
    answer = program.post("tasks/", json={"title": title, "description": "…", **fields})
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


def test_a_scheduled_task_sends_its_mail_on_time(office: Household, carla: httpx.Client) -> None:
    me = carla.get("profile/").json()["id"]
    at = datetime.now(UTC) + timedelta(seconds=2)
    task = made(carla, "Start the oven", owner=me, schedule_time=at.isoformat(), pre_tasks=[])
    assert task["created_by"] == me
    assert datetime.fromisoformat(task["remind_at"]) == at
    office.mail_about("Reminder: Start the oven", to="carla")
    assert timedelta() <= datetime.now(UTC) - at <= timedelta(seconds=3)


def test_nobody_makes_somebody_else_the_owner(office: Household, carla: httpx.Client) -> None:
    other = office.newcomer("carl").get("profile/").json()["id"]
    me = carla.get("profile/").json()["id"]
    task = made(carla, "Mine", owner=other)
    assert task["created_by"] == me
    assert carla.put(f"tasks/{task['id']}/", json={"title": "Mine", "owner": other}).json()["created_by"] == me


def test_what_comes_first_has_to_be_finished_first(carla: httpx.Client) -> None:
    flour, dough = made(carla, "Buy flour"), made(carla, "Make dough")
    bread = made(carla, "Bake bread", pre_tasks=[flour["id"], dough["id"]])
    assert (sorted(bread["pre_tasks"]), bread["is_blocked"]) == ([flour["id"], dough["id"]], True)
    path, done = f"tasks/{bread['id']}/", {"status": "COMPLETED"}
    refusal = carla.patch(path, json=done)
    assert refusal.status_code == 409
    assert {task["title"] for task in refusal.json()["blockers"]} == {"Buy flour", "Make dough"}
    for task in (flour, dough):
        assert carla.patch(f"tasks/{task['id']}", json=done).status_code == 200
    assert carla.get(path).json()["is_blocked"] is False
    assert carla.patch(path, json=done).json()["status"] == "COMPLETED"


def test_no_task_comes_before_itself_by_any_way(carla: httpx.Client) -> None:
    egg = made(carla, "Egg")
    hen = made(carla, "Hen", pre_tasks=[egg["id"]])
    for pre_tasks in ([hen["id"]], [egg["id"]]):
        answer = carla.patch(f"tasks/{egg['id']}/", json={"pre_tasks": pre_tasks})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "pre_tasks")
    assert carla.get(f"tasks/{egg['id']}/").json()["pre_tasks"] == []


def test_a_schedule_is_moved_and_taken_back(office: Household, carla: httpx.Client) -> None:
    task = made(carla, "Never", schedule_time=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    path = f"tasks/{task['id']}/"
    assert (
        carla.patch(path, json={"schedule_time": "2031-01-01T09:00:00Z"}).json()["remind_at"] == "2031-01-01T09:00:00Z"
    )
    assert carla.patch(path, json={"schedule_time": None}).json()["remind_at"] is None
    assert carla.delete(path).status_code == 204


def test_a_task_that_is_not_mine_cannot_come_first(office: Household, carla: httpx.Client) -> None:
    foreign = made(office.newcomer("cleo"), "Cleo's own")
    answer = carla.post("tasks/", json={"title": "Curious", "pre_tasks": [foreign["id"]]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "pre_tasks")
    assert "Cleo" not in answer.text
