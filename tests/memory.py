"""What work takes of memory at most, counted by Python itself."""

import gc
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable


def peak(work: Callable[[], Iterable[object] | None]) -> int:
    """The most bytes that were in use at a time while it worked, or what it returns was read and dropped."""
    gc.collect()
    tracemalloc.start()
    try:
        deque(work() or (), maxlen=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
