"""How many senders a process has at a time."""

from typing import Any

import pytest

from taskbell.notifications.channels.mail import sender_pool
from taskbell.notifications.channels.mail.sender_pool import STUCK_AFTER_SECONDS, SenderPool


class Watch:
    """Shows what it is set to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(sender_pool, "monotonic", watch)
    return watch


@pytest.mark.usefixtures("watch")
def test_one_sender_is_enough_while_it_gets_on() -> None:
    pool = SenderPool(size_limit=3)
    with pool.joined() as first, pool.joined() as second:
        assert (first, second) == (True, False)
    with pool.joined() as next_one:
        assert next_one


def test_where_it_is_held_up_others_join_it_but_not_without_end(watch: Watch) -> None:
    pool = SenderPool(size_limit=2)
    with pool.joined():
        watch.now += STUCK_AFTER_SECONDS + 0.1
        with pool.joined() as second:
            watch.now += STUCK_AFTER_SECONDS + 0.1
            with pool.joined() as third:
                assert (second, third) == (True, False)


def test_a_sender_that_gets_on_is_not_joined_however_long_it_takes(watch: Watch) -> None:
    pool = SenderPool(size_limit=2)
    with pool.joined():
        for _ in range(5):
            watch.now += STUCK_AFTER_SECONDS / 2
            pool.report_progress()
        with pool.joined() as second:
            assert not second


def test_a_sender_that_fails_makes_room(watch: Any) -> None:
    pool = SenderPool(size_limit=1)
    with pytest.raises(RuntimeError), pool.joined():
        raise RuntimeError
    with pool.joined() as another:
        assert another
