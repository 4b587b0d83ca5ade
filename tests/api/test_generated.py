"""Requests that schemathesis generates from the OpenAPI document: every answer is one that the document promises."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from tests import openapi
from tests.conftest import Program, make_person

BUDGET = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# They end the session, or count against a limit of all who are not signed in.
LEFT_OUT = {"sign_out", "register", "sign_in", "refresh", "password_reset", "password_reset_confirm"}
HEADERS = {"If-Match", "Idempotency-Key"}
Somebody = Callable[[User], Program]


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_every_answer_is_one_that_the_document_promises(role: Role, ada: User, as_user: Somebody) -> None:
    person = ada if role == Role.ADMIN else make_person("kim", role)
    document = schemathesis.openapi.from_dict(openapi.ours().document)
    operations = [found.ok() for found in document.get_all_operations()]
    asked = [operation for operation in operations if operation.definition.raw["operationId"] not in LEFT_OUT]
    assert len(asked) > 50
    for operation in asked:
        admin = as_user(ada)
        task = admin.post("/api/tasks/", {"title": "Water the plants", "assigned_to": person.pk}).json()["id"]
        category = admin.post("/api/categories/", {"name": f"Garden {task}"}).json()["id"]
        ask(operation, {"tasks": task, "categories": category, "users": person.pk}, lambda: as_user(person))


def written(value: Any) -> str:
    """The value of a parameter as our clients write it."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def ask(operation: Any, ids: Mapping[str, int], signed_in: Callable[[], Program]) -> None:
    """Asks for the operation with good and bad parameters and bodies, mostly about rows that exist."""
    known = ids.get(operation.path.split("/")[2])
    program = signed_in()

    @BUDGET
    @given(operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE), st.integers(0, 3))
    def attack(case: Case, dice: int) -> None:
        names = dict(case.path_parameters)
        if dice and known:
            names["id"] = known
        where = case.path.format(**{name: quote(str(value), safe="") for name, value in names.items()})
        headers = {name: str(value) for name, value in (case.headers or {}).items() if name in HEADERS}
        body: Any = None if case.body is NOT_SET else case.body
        query = {name: written(value) for name, value in (case.query or {}).items()}
        answer = program(case.method, f"{where}?{urlencode(query)}", body, **headers)
        assert answer.status_code < 500, answer.content
        if answer.status_code == 401:  # the attack has ended the session
            program.access = signed_in().access

    attack()
