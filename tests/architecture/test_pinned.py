"""The lock files contain no version that is known to be bad, which is checked without network."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.processes import ROOT

PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
LINE = re.compile(r"^([^#\s]\S*) +# ((?:GHSA|CVE|PYSEC)-[\w-]+(?:, (?:GHSA|CVE|PYSEC)-[\w-]+)*)$")


def pins(name: str) -> set[tuple[str, str]]:
    """The packages of a lock file, with their versions."""
    return set(PIN.findall((ROOT / name).read_text()))


def known_bad() -> list[Requirement]:
    """What is left of each package after its bad versions."""
    lines = [line for line in (ROOT / "known-bad.txt").read_text().splitlines() if not line.startswith("#")]
    matches = [LINE.match(line) for line in lines]
    assert all(matches), "Each line must have a version and its advisories."
    return [Requirement(match[1]) for match in matches if match]


def bad_ones(pinned: set[tuple[str, str]]) -> list[str]:
    """The pinned versions that are known to be bad."""
    good = {canonicalize_name(requirement.name): requirement.specifier for requirement in known_bad()}
    return [f"{name}=={version}" for name, version in pinned if version not in good.get(canonicalize_name(name), ANY)]


ANY = Requirement("any").specifier


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_no_version_that_is_known_to_be_bad_is_pinned(name: str) -> None:
    assert bad_ones(pins(name)) == []


def test_a_lock_file_with_a_bad_version_is_found() -> None:
    assert bad_ones({("h11", "0.14.0"), ("H11", "0.16.0"), ("django", "5.2.19")}) == ["h11==0.14.0"]


def test_every_bad_version_is_of_a_package_that_we_use() -> None:
    assert {canonicalize_name(each.name) for each in known_bad()} <= {name for name, _ in pins("requirements-dev.txt")}


def test_what_we_develop_with_contains_what_we_run_with() -> None:
    """So one audit of the larger file is an audit of both."""
    assert pins("requirements.txt") <= pins("requirements-dev.txt")
