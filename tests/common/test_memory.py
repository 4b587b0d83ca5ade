"""What the C library is asked to do with memory that is no longer needed."""

import ctypes
from types import SimpleNamespace

import pytest

from taskbell.common.limits import MAX_ARENAS, TRIM_BYTES, share_memory_between_threads


def test_threads_share_two_arenas_that_give_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    library = SimpleNamespace(mallopt=lambda option, value: asked.append((option, value)))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    share_memory_between_threads()
    assert asked == [(-8, MAX_ARENAS), (-1, TRIM_BYTES)]


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace())
    share_memory_between_threads()
