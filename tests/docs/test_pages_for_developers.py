"""The pages for developers show code as it is, name nothing that is gone, and their commands exist."""

import re
import shlex
import tomllib
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import typer
from django.core.management import get_commands, load_command_class

from taskbell.runtime.cli import app
from tests.docs.examples import blocks, pages
from tests.processes import ROOT

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
HOWTOS = sorted((ROOT / "docs" / "howto").glob("add-*.md"))
PAGES = [CONTRIBUTING, ROOT / "ARCHITECTURE.md", ROOT / "docs" / "glossary.md", *HOWTOS]
SPAN = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:make|(?:\.venv/bin/)?taskbell|\.venv/bin/python) ")
FILE = re.compile(r"[\w.-]*(?:/[\w.-]*)+|[\w-]+\.(?:py|md|txt|html|toml)")
WORD = re.compile(r"[A-Za-z_]\w+")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@cache
def sources() -> str:
    """All our Python, one file after the other."""
    files = [file for folder in ("taskbell", "tests") for file in sorted((ROOT / folder).rglob("*.py"))]
    return "\n".join(file.read_text() for file in files)


@cache
def words() -> frozenset[str]:
    """Every name in our Python."""
    return frozenset(WORD.findall(sources()))


@cache
def files() -> frozenset[str]:
    """Every file and folder, by its name and by its path from the project and from the package."""
    found = {path for part in ("taskbell", "tests", "docs") for path in (ROOT / part).rglob("*")} | set(ROOT.iterdir())
    paths = {
        str(path.relative_to(base)) for path in found for base in (ROOT, ROOT / "taskbell") if base in path.parents
    }
    return frozenset(paths | {path.name for path in found})


def spans(page: Path) -> list[str]:
    """What a page has in code letters within a sentence, without commands."""
    return [span for span in SPAN.findall(page.read_text()) if not COMMAND.match(span)]


def test_the_packages_are_those_of_the_import_contract_from_the_top_down() -> None:
    (tree,) = blocks(ROOT / "ARCHITECTURE.md", "")
    shown = [re.findall(r"(\w+)/", line.strip().partition("  ")[0]) for line in tree.splitlines()[1:]]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"\w+", layer) for layer in contracts[0]["layers"]]
    assert shown == layers[1:]  # all but those of the entry points


@pytest.mark.parametrize("block", blocks(CONTRIBUTING, "python"), ids=lambda block: block.partition("\n")[0])
def test_code_that_is_shown_is_in_the_sources(block: str) -> None:
    assert any(f"\n{indent(block, ' ' * depth)}" in sources() for depth in (0, 4, 8)), block


def test_there_is_code_shown() -> None:
    assert len(blocks(CONTRIBUTING, "python")) >= 3


@every_page
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = {span.rstrip("/") for span in spans(page) if FILE.fullmatch(span)}
    assert named - files() == set()


@every_page
def test_every_name_is_in_the_sources(page: Path) -> None:
    new = {word for block in blocks(page, "diff") for word in WORD.findall(block)}
    for span in spans(page):
        for word in WORD.findall("" if FILE.fullmatch(span.partition(":")[0]) else span):
            known = word in words() | new or (word.strip("_") != word and word in sources())
            assert known, f"{page.name} names {span}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_has_the_name_and_the_options_that_are_shown(page: Path) -> None:
    lines = [*SPAN.findall(page.read_text()), *"\n".join(blocks(page, "sh")).splitlines()]
    for line in lines:
        if match := re.match(r"(?:\.venv/bin/)?taskbell (.+)", line):
            check_command(shlex.split(match[1], comments=True))
        if line.startswith(".venv/bin/python -m pytest"):
            assert {word for word in line.split() if word.startswith("tests/")} <= files() | created(page), line


def created(page: Path) -> set[str]:
    """The files that a how-to has its reader make."""
    return {block.splitlines()[0].removeprefix("+++ ") for block in blocks(page, "diff")}


def check_command(arguments: list[str]) -> None:
    """Fails for a command that neither we nor Django have, or one without these options."""
    command: Any = typer.main.get_command(app)
    while (ours := getattr(command, "commands", {}).get(arguments[0])) is not None:
        command, arguments = ours, arguments[1:] or [""]
    options = {option for parameter in command.params for option in parameter.opts}
    if hasattr(command, "commands"):
        name, *arguments = arguments
        options = set(
            load_command_class(get_commands()[name], name).create_parser("taskbell", name)._option_string_actions
        )
    assert {word for word in arguments if word.startswith("-")} <= options, arguments
