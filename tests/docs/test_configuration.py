"""docs/configuration.md says what the code does."""

from taskbell.config.document import configuration_page
from taskbell.config.env import Environment, is_secret, names_of
from tests.processes import ROOT

PAGE = ROOT / "docs" / "configuration.md"
AGAIN = "run: make docs"


def test_the_page_is_what_the_code_generates() -> None:
    assert PAGE.read_text() == configuration_page(), AGAIN


def test_every_setting_is_on_the_page_by_all_its_names_with_its_sentence() -> None:
    page = configuration_page()
    for name, field in Environment.model_fields.items():
        assert field.description, f"{name} has no sentence"
        assert field.description in page
        for variable in names_of(name):
            assert f"`{variable}`" in page


def test_secrets_are_marked() -> None:
    rows = {row.split("`")[1]: row for row in configuration_page().splitlines() if row.startswith("| `")}
    assert {name for name, row in rows.items() if "| secret " in row} == {
        name for name in Environment.model_fields if is_secret(name)
    }
