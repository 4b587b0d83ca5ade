"""Requests that schemathesis generates from the OpenAPI document: every answer passes all of its checks but one."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests import openapi
from tests.hostile.conftest import ROLES, Target

BUDGET = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# They end the account or the session, or count against a limit of all who are not signed in.
LEFT_OUT = {
    "users_deactivate",
    "sign_out",
    "register",
    "sign_in",
    "refresh",
    "password_reset",
    "password_reset_confirm",
}
HEADERS = {"If-Match", "Idempotency-Key"}
# A schema can't say everything: dates that don't exist, cursors of another list, names that are taken.
MORE_THAN_A_SCHEMA = [positive_data_acceptance]


@pytest.mark.parametrize("role", ROLES[::-1])  # what an ADMIN does may hit the others
def test_every_answer_passes_all_checks(role: str, target: Target) -> None:
    document = schemathesis.openapi.from_dict(openapi.ours().document)
    operations = [found.ok() for found in document.get_all_operations()]
    asked = [operation for operation in operations if operation.definition.raw["operationId"] not in LEFT_OUT]
    assert len(asked) > 50
    with httpx.Client(base_url=f"{target.household.tree.base_url}/api/", timeout=60) as admin:
        admin.headers["Authorization"] = f"Bearer {target.tokens['admin']}"
        for operation in asked:
            body = {"title": "Water the plants", "assigned_to": int(target.places[role])}
            task = admin.post("tasks/", json=body).raise_for_status().json()["id"]
            category = admin.post("categories/", json={"name": f"Garden {task}"}).raise_for_status().json()["id"]
            ask(operation, {"tasks": task, "categories": category, "users": target.places[role]}, target, role)


def ask(operation: Any, ids: dict[str, Any], target: Target, role: str) -> None:
    """Asks for the operation with good and bad parameters and bodies, mostly about rows that exist."""
    known = ids.get(operation.path.split("/")[2])

    @BUDGET
    @given(operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE), st.integers(0, 3))
    def attack(case: Case, dice: int) -> None:
        if dice and known and str(case.path_parameters.get("id", "")).isdecimal():
            case.path_parameters["id"] = known
        case.headers = {name: value for name, value in (case.headers or {}).items() if name in HEADERS}  # type: ignore[assignment]
        answer = case.call_and_validate(
            base_url=target.household.tree.base_url,
            headers={"Authorization": f"Bearer {target.tokens[role]}"},
            excluded_checks=MORE_THAN_A_SCHEMA,
        )
        if answer.status_code == 401:  # the attack has ended the session
            target.sign_in(role)

    attack()
