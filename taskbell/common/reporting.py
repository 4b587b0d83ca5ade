"""Adds up in the broker what all processes measure, so that any web process can report it (docs/decisions/0057).

Each process adds what it has counted once a second. A batch is added once, also if its answer gets lost. Counters
therefore survive the processes that counted; of one that is killed, only the last second is lost.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from secrets import token_hex
from threading import Event, Lock, Thread
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from taskbell.common import metrics

PARTS = ("web", "worker", "beat")
REPORT_SECONDS = 1.0
IDLE_SECONDS = 3.0  # a process that has counted nothing still says that it is alive
ALIVE_SECONDS = 10  # a process that has not reported for so long counts as ended
FORGET_SECONDS = 3600  # keeps the number of its last batch for longer
TOTALS, SEEN, GAUGES, BATCHES = (f"{{taskbell:metrics}}:{name}" for name in ("totals", "seen", "gauges", "batches"))

# One batch: what was counted, the gauges, and that the process is alive by the clock of the broker. A broker that was
# restarted may have lost its last batches. Totals that fall a little would look to Prometheus as if almost all of them
# had been counted again, so they begin at zero, once for all processes.
ADD = """
local now, process, batch = tonumber(redis.call('TIME')[1]), ARGV[1], ARGV[2]
local last = redis.call('HGET', KEYS[4], process)
if last ~= batch then
  if last and last ~= 'any' and tonumber(last) ~= batch - 1 then
    redis.call('DEL', KEYS[1])
    for _, other in ipairs(redis.call('HKEYS', KEYS[4])) do redis.call('HSET', KEYS[4], other, 'any') end
  end
  for i = 5, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', KEYS[4], process, batch)
end
redis.call('ZADD', KEYS[2], now, process)
redis.call('HSET', KEYS[3], process, ARGV[3])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[4])) do
  redis.call('ZREM', KEYS[2], old)
  redis.call('HDEL', KEYS[3], old)
  redis.call('HDEL', KEYS[4], old)
end
"""

FORGET = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
"""

log = logging.getLogger(__name__)


@cache
def broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_TIMEOUTS, retry=Retry(NoBackoff(), 0))


class Reporter:
    """Reports what this process has counted."""

    def __init__(self, *parts: str) -> None:
        self.process = f"{'+'.join(parts)}:{token_hex(8)}"
        self._lock = Lock()
        self._batch = 0
        self._values: metrics.Values = {}
        self._is_added = True
        self._has_ended = False
        self._stopping = Event()

    def begin(self, *parts: str) -> None:
        """Reports once a second from now on. Call it in the process itself, after a fork."""
        self.__init__(*parts)  # type: ignore[misc]  # the lock of a process that has forked may be taken
        Thread(target=self._run, args=(self._stopping,), name="metrics", daemon=True).start()

    def end(self) -> None:
        """Reports the last time: this process is no longer alive."""
        self._stopping.set()
        with self._lock:
            if self._has_ended:
                return
            self._has_ended = True
            if (self._is_added or self._report()) and self._report():
                _quietly(lambda: broker().eval(FORGET, 3, SEEN, GAUGES, BATCHES, self.process))

    def report(self) -> bool:
        """Adds what was counted. While the broker is away, it is kept for the next time."""
        with self._lock:
            return not self._has_ended and self._report()

    def _report(self) -> bool:
        gauges = json.dumps(metrics.gauges())
        if self._is_added:  # otherwise the same batch again: perhaps only its answer was lost
            self._values = metrics.take()
            self._batch += 1
        amounts = [part for key, amount in self._values.items() for part in (key, amount)]
        arguments = [self.process, self._batch, gauges, FORGET_SECONDS, *amounts]
        self._is_added = _quietly(lambda: broker().eval(ADD, 4, TOTALS, SEEN, GAUGES, BATCHES, *arguments))
        return self._is_added

    def _run(self, stopping: Event) -> None:
        seconds_ago = 0.0
        while not stopping.wait(REPORT_SECONDS):
            seconds_ago += REPORT_SECONDS
            if not (metrics.has_counted() or not self._is_added or seconds_ago >= IDLE_SECONDS):
                continue
            seconds_ago = 0.0
            try:
                self.report()
            except Exception:  # a gauge that can't be read must not end the reports
                log.exception("Metrics were not reported.")


def _quietly(call: Any) -> bool:
    try:
        call()
    except (redis.RedisError, OSError) as error:
        log.debug("metrics not reported: %s", error)
        return False
    return True


reporter = Reporter("web")


@dataclass(frozen=True)
class Measured:
    """What all processes have measured."""

    totals: metrics.Values = field(default_factory=dict)
    gauges: metrics.Values = field(default_factory=dict)
    alive: tuple[str, ...] = ()  # the parts of each process: web, worker, beat


def read() -> Measured:
    """Of all processes. Raises RedisError."""
    reads = broker().pipeline(transaction=True)
    reads.time()
    reads.hgetall(TOTALS)
    reads.zrange(SEEN, 0, -1, withscores=True)
    reads.hgetall(GAUGES)
    (now, _), totals, seen, known = reads.execute()
    alive = [process for process, at in seen if now - at <= ALIVE_SECONDS]
    gauges: metrics.Values = {}
    for process in alive:
        for name, value in json.loads(known.get(process, b"{}")).items():
            gauges[name] = gauges.get(name, 0.0) + value
    parts = tuple(part for process in alive for part in process.decode().partition(":")[0].split("+"))
    return Measured({key.decode(): float(value) for key, value in totals.items()}, gauges, parts)


def queue_lengths(queues: Iterable[str]) -> dict[str, int]:
    """How many jobs wait in each queue. Raises RedisError."""
    reads = broker().pipeline(transaction=False)
    for queue in queues:
        reads.llen(queue)
    return dict(zip(queues, reads.execute(), strict=True))
