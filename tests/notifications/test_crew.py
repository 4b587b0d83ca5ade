"""How many senders a process has at a time."""

from typing import Any

import pytest

from taskbell.notifications import crew
from taskbell.notifications.crew import HELD_UP_AFTER, Crew


class Watch:
    """Shows what it is set to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(crew, "monotonic", watch)
    return watch


@pytest.mark.usefixtures("watch")
def test_one_sender_is_enough_while_it_gets_on() -> None:
    crew = Crew(most=3)
    with crew.joined() as first, crew.joined() as second:
        assert (first, second) == (True, False)
    with crew.joined() as next_one:
        assert next_one


def test_where_it_is_held_up_others_join_it_but_not_without_end(watch: Watch) -> None:
    crew = Crew(most=2)
    with crew.joined():
        watch.now += HELD_UP_AFTER + 0.1
        with crew.joined() as second:
            watch.now += HELD_UP_AFTER + 0.1
            with crew.joined() as third:
                assert (second, third) == (True, False)


def test_a_sender_that_gets_on_is_not_joined_however_long_it_takes(watch: Watch) -> None:
    crew = Crew(most=2)
    with crew.joined():
        for _ in range(5):
            watch.now += HELD_UP_AFTER / 2
            crew.gets_on()
        with crew.joined() as second:
            assert not second


def test_a_sender_that_fails_makes_room(watch: Any) -> None:
    crew = Crew(most=1)
    with pytest.raises(RuntimeError), crew.joined():
        raise RuntimeError
    with crew.joined() as another:
        assert another
