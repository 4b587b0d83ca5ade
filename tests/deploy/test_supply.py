"""What others can check about what Taskbell is made of: the bill of materials, and the audit of its parts."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.architecture.test_pinned import pins
from tests.deploy.test_delivery import steps_of
from tests.processes import ROOT

NAME = "taskbell.cdx.json"


def bill_of_materials(folder: Path) -> str:
    """What `make sbom` writes, made of copies in this folder."""
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    prefix = Path(sys.prefix)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(prefix / "bin")
    for name in ("installed", "installed-dev"):
        (folder / ".venv" / name).touch()
    subprocess.run(["make", "sbom"], cwd=folder, check=True, capture_output=True, env={**os.environ, "UV": "false"})
    return (folder / NAME).read_text()


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bill_of_materials(tmp_path_factory.mktemp("sbom"))


def test_the_bill_of_materials_is_valid(bill: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert json.loads(bill)["specVersion"] == "1.6"
    assert validator.validate_str(bill) is None
    assert validator.validate_str(bill.replace('"components"', '"parts"')) is not None


def test_it_lists_every_pinned_package_and_no_other_with_its_hashes(bill: str) -> None:
    found = json.loads(bill)
    assert {(each["name"], each["version"]) for each in found["components"]} == pins("requirements.txt")
    assert all(each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in found["components"])
    assert all(reference["hashes"] for each in found["components"] for reference in each["externalReferences"])
    project = found["metadata"]["component"]
    assert f'version = "{project["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert project["name"] == "taskbell"


def test_it_is_the_same_each_time_and_says_nothing_about_the_machine(bill: str, tmp_path: Path) -> None:
    assert bill_of_materials(tmp_path) == bill
    assert "timestamp" not in json.loads(bill)["metadata"]
    assert str(ROOT) not in bill


def test_a_release_has_it() -> None:
    commands = [step["run"] for step in steps_of("release.yaml") if "run" in step]
    publish = next(place for place, command in enumerate(commands) if command.startswith("gh release create"))
    assert "make sbom" in commands[:publish]
    assert NAME in commands[publish].split()


def test_the_audit_runs_daily_and_for_every_new_lock_file() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yaml").read_text())
    when = workflow[True]  # YAML 1.1 reads "on" as a boolean
    minute, hour, *days = when["schedule"][0]["cron"].split()
    assert minute.isdigit()
    assert hour.isdigit()
    assert days == ["*", "*", "*"]
    assert "requirements-dev.txt" in when["push"]["paths"]
    assert any(step.get("run") == "make audit" for step in steps_of("audit.yaml"))


def test_the_audit_reads_the_lock_file() -> None:
    """As far as that is possible without network."""
    done = subprocess.run(["make", "audit", "AUDIT=--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    audited = int(done.stderr.split("would have audited ")[1].split()[0])
    assert audited >= len(pins("requirements.txt"))
