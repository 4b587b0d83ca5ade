"""The worker is killed again and again while reminders fall due: none is lost, none is doubled but with a flag."""

from datetime import UTC, datetime, timedelta
from functools import partial

from tests.journeys.conftest import Household
from tests.mail import SmtpSink
from tests.processes import eventually

REMINDERS = 200
KILL_AT = (20, 60, 100)
HANDED_BACK = "claims of a worker that has died"


def has_accepted(sink: SmtpSink, number: int) -> bool:
    return len(sink.accepted) >= number


def test_two_hundred_reminders_survive_a_worker_that_is_killed_three_times(household: Household) -> None:
    ada, sink, tree = household.newcomer("ada"), household.sink, household.tree
    sink.seconds_to_think = 0.03
    due = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    tasks = [{"title": f"Task {number}", "remind_at": due} for number in range(REMINDERS)]
    assert ada.post("tasks/bulk/", json={"create": tasks}).status_code == 200

    for times, accepted in enumerate(KILL_AT, start=1):
        eventually(partial(has_accepted, sink, accepted), within=90)
        killed = tree.kill("worker")
        tree.wait_until_restarted("worker", old=killed)
        eventually(lambda times=times: tree.output.count(HANDED_BACK) == times, within=30)  # type: ignore[misc]
    waiting = "SELECT 1 FROM notifications_delivery WHERE state = 'pending'"
    eventually(lambda: not household.rows(waiting), within=90)
    tree.stop()
    household.send_as_if_later(timedelta(minutes=12))

    rows = household.rows("SELECT message_id, state, ambiguous FROM notifications_delivery")
    flagged = {message_id for message_id, _, ambiguous in rows if ambiguous}
    doubled = {message_id for message_id, times in sink.message_ids.items() if times > 1}
    assert {state for _, state, _ in rows} == {"sent"}
    assert set(sink.message_ids) == {message_id for message_id, _, _ in rows}
    assert len(rows) == REMINDERS
    assert doubled <= flagged
    raw = {(mail.message["Message-ID"], mail.raw) for mail in sink.accepted}
    assert len(raw) == REMINDERS, "a mail that is sent again is the same to the byte"
