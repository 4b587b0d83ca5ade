"""A short storm: real processes, killed a dozen times, and nothing is lost, doubled or early."""

from tests.faults.checks import complaints
from tests.faults.storm import Size, Storm
from tests.services import IS_POSTGRES

SEED = 20


def test_nothing_is_lost_or_doubled_in_a_short_storm() -> None:
    storm = Storm(on="postgresql" if IS_POSTGRES else "sqlite", seed=SEED, size=Size())
    history = storm.run()
    assert complaints(history) == []
    assert len(history.promises) == storm.size.reminders
    assert storm.kills >= storm.size.kills
