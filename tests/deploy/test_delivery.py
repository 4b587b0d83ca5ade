"""Workflows and release notes: their form, and the commands in them that can be run here."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
CHANGELOG = """# Changelog

## [0.3.0] - Unreleased

- Soon.

## [0.2.0] - 2027-02-01

### Added

- Something new.

## [0.1.0] - 2027-01-01

- The beginning.
"""


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name(name))
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("vendor.github-workflows", str(path.relative_to(ROOT))) for path in WORKFLOWS),
        ("vendor.dependabot", ".github/dependabot.yml"),
    ],
)
def test_github_reads_the_file(schema: str, file: str) -> None:
    said = tool("check-jsonschema", "--builtin-schema", schema, file)
    assert said.returncode == 0, said.stdout
    said = tool("yamllint", "--strict", "--config-file", "deploy/yamllint.yaml", file)
    assert said.returncode == 0, said.stdout


def steps_of(workflow: str) -> list[dict[str, Any]]:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / workflow).read_text())["jobs"]
    return [step for job in jobs.values() for step in job.get("steps", [])]


def test_a_release_runs_all_checks_and_publishes_for_both_machines_with_papers() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yaml").read_text())["jobs"]
    assert jobs["checks"]["uses"] == "./.github/workflows/ci.yaml"
    assert jobs["publish"]["needs"] == "checks"
    build = next(step["with"] for step in jobs["publish"]["steps"] if "build-push" in step.get("uses", ""))
    assert build["platforms"] == "linux/amd64,linux/arm64"
    assert (build["push"], build["sbom"], build["provenance"]) == (True, True, "mode=max")
    arguments = set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^(\w+)=", build["build-args"], re.MULTILINE)) == arguments
    assert any(step.get("run") == "bash .ci/run" for step in steps_of("ci.yaml"))


def test_every_file_that_a_workflow_runs_is_there() -> None:
    for workflow in WORKFLOWS:
        for step in steps_of(workflow.name):
            for name in re.findall(r"(?:^|\s)((?:deploy|\.ci)/[\w.-]+)", step.get("run", "")):
                assert (ROOT / name).is_file(), f"{workflow.name} runs {name}"


@pytest.mark.parametrize(
    ("version", "code", "said"),
    [
        ("0.2.0", 0, "### Added\n\n- Something new.\n\n"),
        ("0.1.0", 0, "- The beginning.\n"),
        ("0.3.0", 1, ""),
        ("9.9.9", 1, ""),
    ],
)
def test_the_notes_of_a_release_are_what_the_changelog_says(tmp_path: Path, version: str, code: int, said: str) -> None:
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "release-notes", tmp_path / "deploy")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    done = subprocess.run([tmp_path / "deploy" / "release-notes", version], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, said)
    assert bool(done.stderr) is bool(code)


def test_the_changelog_has_a_section_for_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text()
