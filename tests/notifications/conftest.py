"""A real mail server that the mails go to."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mail import SmtpSink, running_sink


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with running_sink() as sink:
        settings.MAIL = settings.MAIL | {"host": "127.0.0.1", "port": sink.port}
        yield sink
