"""Traces of requests and jobs for OpenTelemetry: names, durations and outcomes; no personal data."""

import logging
import os
from collections.abc import Mapping
from importlib.metadata import version
from threading import Event, Lock, Thread
from time import time_ns
from typing import Any

from django.conf import settings

from taskbell.common.request_id import current_request_id

EXPORT_SECONDS = 2.0
END_SECONDS = 1.5  # a collector that is away must not keep a process from ending
MAX_WAITING = 512  # spans; more are dropped
NANOSECONDS = 1_000_000_000

log = logging.getLogger(__name__)
_begun: dict[int, tuple[Any, Event, Thread]] = {}  # by process, because threads don't survive a fork
_beginning = Lock()


def record(
    name: str,
    seconds: float,
    facts: Mapping[str, str | int],
    *,
    is_request: bool = False,
    has_failed: bool = False,
    parent: str = "",
) -> None:
    """Sends in the background that this has just ended. The parent is a `traceparent` of W3C Trace Context.

    Raises nothing: who is traced must not fail because of it.
    """
    try:
        _record(name, seconds, facts, is_request=is_request, has_failed=has_failed, parent=parent)
    except Exception:
        log.exception("A trace was not recorded.")


def end() -> None:
    """Sends what waits, as far as the collector takes it in time."""
    begun = _begun.pop(os.getpid(), None)
    if begun:
        _, ending, thread = begun
        ending.set()
        thread.join(END_SECONDS)


def _record(
    name: str, seconds: float, facts: Mapping[str, str | int], *, is_request: bool, has_failed: bool, parent: str
) -> None:
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415 - only where the extra is installed
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    ended = time_ns()
    span = _tracer().start_span(
        name,
        context=TraceContextTextMapPropagator().extract({"traceparent": parent}),
        kind=SpanKind.SERVER if is_request else SpanKind.CONSUMER,
        attributes={**facts, "taskbell.request_id": current_request_id()},
        start_time=ended - int(seconds * NANOSECONDS),
    )
    if has_failed:
        span.set_status(Status(StatusCode.ERROR))
    span.end(ended)


def _tracer() -> Any:
    """The one of this process."""
    process = os.getpid()
    if process not in _begun:
        with _beginning:
            if process not in _begun:
                _begun[process] = _begin()
    return _begun[process][0]


def _begin() -> tuple[Any, Event, Thread]:
    """A tracer, an event that ends it, and the thread that does: the library would wait for half a minute."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    about = Resource({"service.name": "taskbell", "service.version": version("taskbell")})
    provider = TracerProvider(resource=about, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{settings.TASKBELL_OTLP_URL}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, MAX_WAITING, schedule_delay_millis=1000))
    ending = Event()

    def shut_down() -> None:
        ending.wait()
        provider.shutdown()

    thread = Thread(target=shut_down, name="end of traces", daemon=True)
    thread.start()
    return provider.get_tracer("taskbell"), ending, thread
