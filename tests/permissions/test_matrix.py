"""The table of rights, walked against every operation that the OpenAPI document lists."""

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.conftest import Program
from tests.permissions.matrix import FOR_EVERYBODY, MATRIX, PAGES_FOR_EVERYBODY, PEOPLE
from tests.permissions.world import World


def operations() -> set[str]:
    """Every operation of the API, such as `GET /api/tasks/{id}/`."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}


def test_everybody_may_do_what_the_table_says_and_nothing_else(db: None) -> None:
    named = {way.operation for way in MATRIX}
    assert operations() - named == set(), "These operations have no line in tests/permissions/matrix.py."
    assert named - operations() == set(), "These lines speak of operations that do not exist."
    world, wrong = World(), []
    for way in MATRIX:
        expected = [int(code) for code in way.answers.split()]
        found = [world.ask(way, name).status_code for name in PEOPLE]
        wrong += [
            f"{way}: {name} got {is_} instead of {should}"
            for name, is_, should in zip(PEOPLE, found, expected, strict=True)
            if is_ != should
        ]
    assert not wrong, "\n".join(wrong)


def test_the_table_asks_everybody_to_sign_in_but_where_one_cannot_be_signed_in_yet() -> None:
    assert {way.operation for way in MATRIX if not way.answers.endswith(" 401")} == FOR_EVERYBODY


@pytest.mark.parametrize("page", PAGES_FOR_EVERYBODY)
def test_some_pages_are_there_for_everybody(anonymous: Program, db: None, page: str) -> None:
    assert anonymous.get(page).status_code in ({200, 503} if page == "/readyz" else {200})
