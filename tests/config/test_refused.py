"""Settings that would give something away keep Taskbell from starting; one sentence says which and what to do."""

import pytest
from pydantic import ValidationError

from taskbell.config.env import Environment, UnusableEnvironment
from taskbell.config.safety import is_of_this_machine, refuse_unsafe
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.web import refuse_endless_redirect

HTTPS = {"TASKBELL_URL": "https://tasks.example.org", "TASKBELL_PROXIES": "1"}
GOOD = "Vd8mJ0kq3sN5wZ1xT7yR4uB6cE9fH2gL"


def environment(**given: str) -> Environment:
    """As if these variables were set, and no others."""
    return Environment(_env_file=None, **given)  # type: ignore[call-arg, arg-type]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (HTTPS | {"DEBUG": "true"}, "DEBUG"),
        ({"TASKBELL_BIND": "0.0.0.0", "DEBUG": "true"}, "DEBUG"),
        ({"TASKBELL_BIND": "::", "DEBUG": "true"}, "DEBUG"),
        (HTTPS | {"ALLOWED_HOSTS": "tasks.example.org, *"}, "ALLOWED_HOSTS"),
        ({"SECRET_KEY": "django-insecure-" + GOOD}, "SECRET_KEY"),
        ({"SECRET_KEY": "abab" * 20}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-change-me-change-me-please"}, "SECRET_KEY"),
        ({"SECRET_KEY": GOOD, "SECRET_KEY_FALLBACKS": f"{GOOD},short"}, "SECRET_KEY_FALLBACKS"),
    ],
)
def test_what_would_give_something_away_is_refused_by_its_name(given: dict[str, str], named: str) -> None:
    with pytest.raises(UnusableEnvironment) as refusal:
        refuse_unsafe(environment(**given))
    sentence = str(refusal.value)
    assert sentence.startswith(f"{named}: must ")
    assert GOOD not in sentence


@pytest.mark.parametrize(
    "given",
    [
        {},
        HTTPS,
        HTTPS | {"SECRET_KEY": GOOD, "SECRET_KEY_FALLBACKS": f"{GOOD[::-1]}\n{GOOD[1:]}x"},
        HTTPS | {"TASKBELL_BIND": "0.0.0.0", "ALLOWED_HOSTS": "tasks.example.org,.example.com"},
        {"DEBUG": "true", "SECRET_KEY": "django-insecure-" + GOOD},
        {"DEBUG": "true", "TASKBELL_BIND": "::1"},
        {"ALLOWED_HOSTS": "*"},
    ],
)
def test_what_people_use_at_home_and_in_production_is_taken(given: dict[str, str]) -> None:
    refuse_unsafe(environment(**given))


@pytest.mark.parametrize(
    ("bind", "is_private"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("localhost", True),
        ("unix:/run/taskbell/web.sock", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("tasks.example.org", False),
    ],
)
def test_it_is_known_whether_others_can_connect(bind: str, is_private: bool) -> None:
    assert is_of_this_machine(bind) is is_private


def test_https_without_a_proxy_is_refused_because_it_would_redirect_forever() -> None:
    with pytest.raises(CannotStart, match=r"^TASKBELL_PROXIES: must be 1 or more"):
        refuse_endless_redirect(environment(TASKBELL_URL="https://tasks.example.org"))
    refuse_endless_redirect(environment(**HTTPS))
    refuse_endless_redirect(environment(TASKBELL_URL="http://tasks.example.org"))


@pytest.mark.parametrize("zone", ["localtime", "Factory", "../../etc/passwd", "", "Mars/Olympus"])
def test_a_zone_that_differs_between_machines_is_none(zone: str) -> None:
    with pytest.raises(ValidationError, match="must be an IANA time zone"):
        environment(TASKBELL_TIME_ZONE=zone)
