"""Who asks, whatever the proxies write, and which hosts are ours."""

from typing import Any

import pytest
from django.test import RequestFactory

from taskbell.common.middleware import client_address
from taskbell.config.safety import host_of


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "client"),
    [
        (0, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (1, "127.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "127.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        (2, "127.0.0.1", "192.0.2.66, 198.51.100.1", "192.0.2.66"),
        (1, "::1", "2001:db8::7", "2001:db8::7"),
        (1, "::1", "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "::1", "2001:0DB8:0::0007", "2001:db8::7"),
        (1, "::1", "198.51.100.1:4711", "198.51.100.1"),
        (0, "::ffff:127.0.0.1", None, "127.0.0.1"),
        (0, "::ffff:198.51.100.1", None, "198.51.100.1"),
        (1, "", "198.51.100.1", "198.51.100.1"),  # a socket file has no address
        (1, "", None, ""),
        (1, "127.0.0.1", "unknown", "unknown"),
        (1, "127.0.0.1", "x" * 100, "x" * 64),
    ],
)
def test_the_client_has_one_spelling(
    settings: Any, proxies: int, remote: str, forwarded: str | None, client: str
) -> None:
    settings.TASKBELL_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    request.META["REMOTE_ADDR"] = remote
    assert client_address(request) == client


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://tasks.example.org", "tasks.example.org"),
        ("http://192.0.2.7:8000", "192.0.2.7"),
        ("http://[2001:db8::7]:8000", "[2001:db8::7]"),
    ],
)
def test_the_host_of_the_address_is_spelled_as_requests_spell_it(url: str, host: str) -> None:
    assert host_of(url) == host
