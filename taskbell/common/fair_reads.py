"""At most two slow reads of one person at a time, in each process."""

import threading
from collections.abc import Callable
from time import monotonic

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.errors import TooMany

MAX_READS = 2
SLOW_AFTER = 1.0  # seconds
SLOW_PATHS = ("/reports/", "/logs")  # also without filters
PLACE = "taskbell.place"  # in the META of a request: what gives its place back

TWO_SLOW = gettext_noop(
    "Two of your requests have been running for more than a second. Wait until one of them has finished."
)


class Reads:
    """The reads in progress, by person. A further one waits for a place until those before it turn out to be slow."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._begun: dict[int, list[float]] = {}

    def begin(self, person: int) -> Callable[[], None]:
        """Takes a place, and returns what gives it back. Raises TooMany."""
        with self._changed:
            while len(others := self._begun.setdefault(person, [])) >= MAX_READS:
                wait = max(others) + SLOW_AFTER - self._clock()
                if wait <= 0:
                    raise TooMany(_(TWO_SLOW), retry_after=1)
                self._changed.wait(wait)
            begun = self._clock()
            others.append(begun)
        return lambda: self._end(person, begun)

    def _end(self, person: int, begun: float) -> None:
        with self._changed:
            self._begun[person].remove(begun)
            if not self._begun[person]:
                del self._begun[person]
            self._changed.notify_all()


reads = Reads()


def begin_read(person: int, request: HttpRequest) -> None:
    """Takes a place for the request, once, if it is a read that can be slow. Raises TooMany."""
    path = request.path_info
    can_be_slow = request.META.get("QUERY_STRING") or any(part in path for part in SLOW_PATHS)
    if request.method == "GET" and can_be_slow and PLACE not in request.META:
        request.META[PLACE] = reads.begin(person)


def end_read(request: HttpRequest) -> None:
    """Gives back the place of the request, if it has one."""
    if end := request.META.pop(PLACE, None):
        end()
