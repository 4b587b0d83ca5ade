"""A short storm: real processes, killed a dozen times, and nothing is lost, doubled or early."""

from tests.faults.checks import complaints
from tests.faults.projects import TASKS
from tests.faults.storm import Size, Storm
from tests.services import IS_POSTGRES

SEED = 20


def test_nothing_is_lost_or_doubled_in_a_short_storm() -> None:
    storm = Storm(on="postgresql" if IS_POSTGRES else "sqlite", seed=SEED, size=Size())
    history = storm.run()
    assert complaints(history) == []
    assert len(history.promises) == storm.size.reminders + 4 * TASKS
    assert {notice.kind for notice in history.notices} == {"project_shared", "mentioned", "commented"}
    assert sum(not promise.people for promise in history.promises) == TASKS, "those of the archived project"
    assert storm.kills >= storm.size.kills
    assert len(history.copies) == storm.size.people
    assert all(known.copied and (known.told or known.is_resynced) for known in history.copies)


def test_where_senders_are_only_told_to_stop_nothing_is_ever_in_doubt() -> None:
    """Whatever else is killed, the database included: each mail arrives once, and none is flagged."""
    storm = Storm(on="postgresql" if IS_POSTGRES else "sqlite", seed=SEED, size=Size(no_excuse=True))
    history = storm.run()
    assert complaints(history) == []
    assert not any(row.ambiguous for row in history.rows)
    assert all(len(entries) == 1 for entries in history.taken.values())
    assert storm.happened["worker stopped"]
