"""Every attack of attacks.yaml is answered as it must be, changes nothing, and leaves others as they were."""

import httpx
import pytest

from tests.hostile.attack import NEVER, Attack, attacks, send
from tests.hostile.conftest import MAX_MEMORY, Target

ALL = attacks()


def test_there_are_enough_attacks_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 150
    assert len({attack.name for attack in ALL}) == len(ALL)


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_attack(attack: Attack, target: Target) -> None:
    before = target.rows()
    host = f"localhost:{target.address[1]}"
    data = attack.bytes_with(target.places, target.tokens.get(attack.who, ""), host)
    answer = send(target.address, data, half=attack.half)
    shown = answer.body[:500].decode(errors="replace")
    assert answer.status in attack.expect, shown
    assert len(answer.body) <= attack.most_bytes
    said = answer.body.decode(errors="replace")
    assert attack.says in said
    assert not [word for word in (*NEVER, *attack.without) if word in said], shown
    assert sum(target.rows().values()) - sum(before.values()) <= attack.rows
    canary(target)


def canary(target: Target) -> None:
    """A member works as always."""
    headers = {"Authorization": f"Bearer {target.tokens['member']}"}
    with httpx.Client(base_url=target.household.tree.base_url, timeout=60, headers=headers) as member:
        assert member.get("/healthz").status_code == 200
        task = member.get(f"/api/tasks/{target.places['task']}/").json()
        assert (task["title"], task["version"]) == ("Water the plants", 1)
    assert target.household.tree.memory() < MAX_MEMORY
