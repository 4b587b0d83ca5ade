"""Traces never get in the way of what they are about."""

import os
import socket
from time import monotonic
from typing import Any

import pytest

from taskbell.common import tracing
from tests.conftest import Program


def test_a_request_is_answered_although_its_trace_fails(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError

    settings.TASKBELL_OTLP_URL = "http://127.0.0.1:9"
    monkeypatch.setattr(tracing, "_begin", fail)
    assert Program().http.get("/sign-in/").status_code == 200
    assert "A trace was not recorded." in caplog.text


def test_a_collector_that_says_nothing_holds_nobody_up(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.TASKBELL_OTLP_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        tracing.record("GET /", 0.1, {})
        _, _, thread = tracing._begun[os.getpid()]
        started = monotonic()
        tracing.end()
        assert monotonic() - started < tracing.END_SECONDS + 1
        assert os.getpid() not in tracing._begun
    thread.join(10)  # nobody listens any more
    assert not thread.is_alive()
