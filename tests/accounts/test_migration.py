"""Sessions from before people were known by network."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from taskbell.accounts.actions import Client, open_session
from taskbell.accounts.models import Session
from taskbell.accounts.policy import Role
from tests.conftest import NOW, make_person
from tests.migrating import migrate

NETWORKS = {
    "198.51.100.7": "198.51.100.7",
    "2001:db8:1:2::9": "2001:db8:1:2::/64",
    "unknown": "",
    "": "",
}


@pytest.fixture
def old(transactional_db: None) -> Iterator[None]:
    """The tables as they were; afterwards everything is as it is."""
    bo = make_person("bo", Role.MEMBER)
    for address in NETWORKS:
        open_session(bo, client=Client(address), now=NOW)
    migrate(("accounts", "0006_unused_pair"))
    yield
    migrate()


def test_people_are_known_by_the_networks_of_their_old_sessions(old: None, monkeypatch: pytest.MonkeyPatch) -> None:
    migration: Any = import_module("taskbell.accounts.migrations.0007_session_network")
    monkeypatch.setattr(migration, "CHUNK_ROWS", 1)
    migrate()
    assert dict(Session.objects.values_list("address", "network")) == NETWORKS
