"""The first day with Taskbell: from an empty folder to the mail that arrives on time."""

from datetime import UTC, datetime, timedelta

from tests.journeys.conftest import Household
from tests.processes import eventually


def test_a_stranger_signs_up_makes_a_task_and_is_reminded_on_time(household: Household) -> None:
    ada = household.newcomer("ada")
    assert ada.get("profile/").json()["role"] == "ADMIN"
    remind_at = datetime.now(UTC) + timedelta(seconds=3)
    task = ada.post("tasks/", json={"title": "Water the plants", "remind_at": remind_at.isoformat()})
    assert task.status_code == 201
    (mail,) = eventually(lambda: household.sink.accepted, within=15)
    arrived_at = datetime.now(UTC)
    assert mail.recipient == "ada@example.org"
    assert mail.message["Subject"] == "Reminder: Water the plants"
    assert timedelta() <= arrived_at - remind_at <= timedelta(seconds=2)


def test_a_task_is_accepted_while_the_broker_is_away_and_its_mail_goes_out_when_it_is_back(
    household: Household,
) -> None:
    ada = household.newcomer("ada")
    valkey = household.tree.kill("valkey")
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    before = datetime.now(UTC)
    assert ada.post("tasks/", json={"title": "Order soil", "remind_at": soon}).status_code == 201
    assert datetime.now(UTC) - before < timedelta(seconds=1)
    household.tree.wait_until_restarted("valkey", old=valkey)
    eventually(lambda: household.sink.accepted, within=30)
    assert household.sink.subjects() == ["Reminder: Order soil"]
