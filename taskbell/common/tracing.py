"""Traces of requests and jobs for OpenTelemetry: names, durations and outcomes; no data of people."""

import os
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from time import time_ns
from typing import Any

from django.conf import settings

from taskbell.common.request_id import current_request_id

EXPORT_SECONDS = 2.0
NANOSECONDS = 1_000_000_000


def record(
    name: str,
    seconds: float,
    facts: Mapping[str, str | int],
    *,
    is_request: bool = False,
    has_failed: bool = False,
    parent: str = "",
) -> None:
    """Sends in the background that this has just ended. The parent is a `traceparent` of W3C Trace Context."""
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415 - only where the extra is installed
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    ended = time_ns()
    span = _tracer(os.getpid()).start_span(
        name,
        context=TraceContextTextMapPropagator().extract({"traceparent": parent}),
        kind=SpanKind.SERVER if is_request else SpanKind.CONSUMER,
        attributes={**facts, "taskbell.request_id": current_request_id()},
        start_time=ended - int(seconds * NANOSECONDS),
    )
    if has_failed:
        span.set_status(Status(StatusCode.ERROR))
    span.end(ended)


@cache
def _tracer(_process: int) -> Any:
    """One for each process, because its thread doesn't survive a fork."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    about = Resource({"service.name": "taskbell", "service.version": version("taskbell")})
    provider = TracerProvider(resource=about)
    exporter = OTLPSpanExporter(endpoint=f"{settings.TASKBELL_OTLP_URL}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    return provider.get_tracer("taskbell")
