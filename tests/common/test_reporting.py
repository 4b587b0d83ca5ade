"""What processes report to the broker, when they end and when the broker forgets."""

import os
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from taskbell.common import measures, metrics, reporting
from taskbell.common.metrics import SEPARATOR, Counter
from taskbell.common.reporting import BATCHES, GAUGES, SEEN, TOTALS, Reporter


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """A database of the broker for this test alone."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    own = redis.Redis.from_url(settings.REDIS_URL, db=number)
    own.flushdb()
    monkeypatch.setattr(reporting, "broker", lambda: own)
    metrics.take()
    yield own
    own.close()


def total() -> float:
    return reporting.read().totals.get("taskbell_mails_ambiguous", 0)


def count_and_report(reporter: Reporter, number: int = 1) -> None:
    measures.MAILS_AMBIGUOUS.add(amount=number)
    assert reporter.report()


def test_a_process_that_has_ended_leaves_its_counts_and_nothing_else(broker: redis.Redis) -> None:
    process = Reporter("web")
    count_and_report(process)
    measures.MAILS_AMBIGUOUS.add()
    process.end()
    assert not process.report(), "someone may still ask for metrics"
    assert total() == 2
    assert [broker.exists(key) for key in (SEEN, GAUGES, BATCHES)] == [0, 0, 0]


def test_a_broker_that_has_lost_the_last_batches_begins_at_zero_once(broker: redis.Redis) -> None:
    one, other = Reporter("web"), Reporter("worker")
    for process in (one, other):
        count_and_report(process, 10)
    saved = {key: broker.dump(key) for key in (TOTALS, BATCHES)}
    for process in (one, other):
        count_and_report(process, 10)
    assert total() == 40
    for key, value in saved.items():
        broker.restore(key, 0, value, replace=True)
    count_and_report(one, 1)
    count_and_report(other, 2)
    count_and_report(one, 4)
    assert total() == 7


def test_a_new_broker_and_one_that_was_away_lose_nothing_that_was_not_reported(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Reporter("web")
    count_and_report(process)
    with monkeypatch.context() as patch:
        patch.setattr(reporting, "broker", lambda: redis.Redis.from_url("unix:///nowhere.sock"))
        for _ in range(3):
            assert not process.report()
    assert process.report(), "the same batch, in case only its answer was lost"
    count_and_report(process)
    assert total() == 2
    broker.flushdb()
    count_and_report(process)
    assert total() == 1


def test_fields_of_a_version_with_other_labels_are_left_out() -> None:
    counter = Counter("x", "X.", ("kind",))
    key = SEPARATOR.join
    values = {key(("x", "a")): 1.0, key(("x", "a", "b")): 2.0, "x": 3.0}
    assert metrics.values_of(counter, values) == {("a",): 1.0}
