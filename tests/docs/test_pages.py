"""The pages agree with each other and with the code they name."""

import re
from pathlib import Path

import pytest

from taskbell.config.env import Environment, is_secret, names_of
from tests.docs.examples import FENCE, blocks, pages
from tests.processes import ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"`((?:taskbell|tests|docs)/[\w./-]+)`")
NAMED_CODE = re.compile(r"`(?:taskbell/)?((?:\w+/)*\w+\.py):(\w+)(?:\.(\w+))?`")

every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    text = FENCE.sub("", page.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {link}"


@every_page
def test_every_file_a_page_names_is_there(page: Path) -> None:
    for name in NAMED_FILE.findall(page.read_text()):
        assert (ROOT / name).exists(), f"{page.name} names {name}"


@every_page
def test_every_function_class_and_field_a_page_names_is_there(page: Path) -> None:
    for module, name, member in NAMED_CODE.findall(page.read_text()):
        source = (ROOT / "taskbell" / module).read_text()
        assert re.search(rf"^\s*(?:async )?(?:def|class) {name}\b|^{name}\b", source, re.MULTILINE), f"{module}:{name}"
        inside = source.partition(f"class {name}")[2]
        assert not member or re.search(rf"^    (?:def )?{member}\b", inside, re.MULTILINE), f"{module}:{name}.{member}"


@every_page
def test_no_block_hides_from_the_tests_by_its_indent(page: Path) -> None:
    assert not re.search(r"^ +```", page.read_text(), re.MULTILINE)


@every_page
def test_every_setting_in_an_example_is_one(page: Path) -> None:
    known = {name for field in Environment.model_fields for name in names_of(field)}
    known |= {f"{name}_FILE" for field in Environment.model_fields if is_secret(field) for name in names_of(field)}
    for block in blocks(page, "ini"):
        assert set(re.findall(r"^([A-Z_]+)=", block, re.MULTILINE)) <= known
