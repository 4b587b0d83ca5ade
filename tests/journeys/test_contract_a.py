"""The first older contract: personal tasks, each with a time at which a mail arrives."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.journeys.conftest import PASSWORD, Household

pytestmark = pytest.mark.usefixtures("admin")
FORM = {"email": "anna@example.org", "password": PASSWORD}


@pytest.fixture(scope="module")
def anna(office: Household) -> httpx.Client:
    """Registers and signs in with her e-mail address alone, by the paths of this contract."""
    program = office.stranger()
    registered = program.post("register/", json=FORM)
    assert registered.status_code == 201
    assert registered.json()["email"] == "anna@example.org"
    pair = program.post("login/", json=FORM)
    assert pair.status_code == 200
    program.headers["Authorization"] = f"Bearer {pair.json()['access']}"
    return program


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize("slash", ["/", ""])
def test_a_session_begins_goes_on_and_ends(office: Household, anna: httpx.Client, slash: str) -> None:
    program = office.stranger()
    first = program.post(f"login{slash}", json=FORM).json()
    second = program.post(f"login/refresh{slash}", json={"refresh": first["refresh"]}).json()
    program.headers["Authorization"] = f"Bearer {second['access']}"
    assert program.get(f"tasks{slash}").status_code == 200
    assert program.post(f"logout{slash}", json={"refresh": second["refresh"]}).status_code in (200, 204, 205)
    assert program.get(f"tasks{slash}").status_code == 401
    assert program.post(f"login/refresh{slash}", json={"refresh": second["refresh"]}).status_code == 401
    assert anna.get("tasks/").status_code == 200, "her other session goes on"


def test_a_mail_arrives_at_the_time_that_was_set_with_the_task(office: Household, anna: httpx.Client) -> None:
    at = soon(2)
    created = anna.post("tasks/", json={"title": "Feed the cat", "description": "Half a tin", "reminder_time": at})
    assert created.status_code == 201
    assert datetime.fromisoformat(created.json()["remind_at"]) == datetime.fromisoformat(at)
    mail = office.mail_about("Reminder: Feed the cat", to="anna")
    assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(at) <= timedelta(seconds=3)
    assert "Half a tin" in mail.message.as_string()
    assert office.sink.subjects().count("Reminder: Feed the cat") == 1


def test_a_mail_arrives_at_the_time_that_was_set_by_an_update(office: Household, anna: httpx.Client) -> None:
    path = f"tasks/{anna.post('tasks/', json={'title': 'Call Grandma'}).json()['id']}/"
    task = anna.put(path, json={"title": "Call Grandma back", "reminder_time": soon(1)})
    assert (task.status_code, task.json()["title"]) == (200, "Call Grandma back")
    office.mail_about("Reminder: Call Grandma back", to="anna")


def test_a_task_is_made_read_changed_and_deleted(anna: httpx.Client) -> None:
    task = anna.post("tasks", json={"title": "Tidy up"}).json()
    path = f"tasks/{task['id']}"
    assert anna.get(path).json() == task
    assert task in anna.get("tasks/").json()["results"]
    assert anna.put(f"{path}/", json={"title": "Tidy the attic"}).json()["title"] == "Tidy the attic"
    assert anna.delete(path).status_code == 204
    assert anna.get(f"{path}/").status_code == 404


def test_nobody_else_finds_them(office: Household, anna: httpx.Client) -> None:
    anton = office.newcomer("anton")
    pk = anna.post("tasks/", json={"title": "Hide the presents"}).json()["id"]
    assert anton.get("tasks/").json()["results"] == []
    for method in ("GET", "PUT", "DELETE"):
        assert anton.request(method, f"tasks/{pk}/", json={"title": "Found"}).status_code == 404
    assert anna.get(f"tasks/{pk}/").json()["title"] == "Hide the presents"


def test_a_wrong_password_opens_nothing(office: Household, anna: httpx.Client) -> None:
    wrong = office.stranger().post("login/", json=FORM | {"password": "incorrect horse"})
    assert wrong.status_code == 401
    assert "access" not in wrong.json()
