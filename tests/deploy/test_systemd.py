"""The units, as systemd itself reads them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from taskbell.config.env import Environment, names_of
from tests.processes import ROOT

UNITS = ROOT / "deploy" / "systemd"
WHERE_PEOPLE_INSTALL = "/opt/taskbell/.venv/bin/taskbell"
HIGHEST_EXPOSURE = 3.5  # of ten; a service without any of it has 9.6

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that is there."""
    folder = tmp_path / "system"
    shutil.copytree(UNITS, folder)
    for unit in folder.rglob("*.service"):
        unit.write_text(unit.read_text().replace(WHERE_PEOPLE_INSTALL, str(Path(sys.executable).with_name("taskbell"))))
    return folder


def verify(units: Path, *names: str) -> str:
    """What systemd says about them. It exits with 0 on keys that it does not know, so only silence is good."""
    for name in names:
        template = re.sub("@.*", "@.service", name)
        (units / name).exists() or (units / name).write_text((units / template).read_text())
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(units / name) for name in names)],
        capture_output=True, text=True, check=False, env={"SYSTEMD_UNIT_PATH": f"{units}:", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    about_ours = [line for line in said.stderr.splitlines() if "taskbell" in line]
    return "\n".join(about_ours) + said.stdout + ("" if said.returncode == 0 else f" exit {said.returncode}")


ALL = ["taskbell.service", "taskbell-migrate.service", "taskbell.target"]
PARTS = ["taskbell@web.service", "taskbell@worker.service", "taskbell@beat.service"]


@pytest.mark.parametrize("name", [*ALL, *PARTS])
def test_systemd_has_nothing_to_say_about_a_unit(units: Path, name: str) -> None:
    assert verify(units, name) == ""


@pytest.mark.parametrize("line", ["TimeoutStopsec=20", "KillMode=gently", "ExecStart=/nowhere/taskbell"])
def test_a_mistake_in_a_unit_would_be_seen(units: Path, line: str) -> None:
    unit = units / "taskbell.service"
    unit.write_text(unit.read_text().replace("[Service]\n", f"[Service]\n{line}\n"))
    assert "taskbell" in verify(units, "taskbell.service")


@pytest.mark.parametrize("name", ["taskbell.service", "taskbell-migrate.service", PARTS[0]])
def test_a_unit_may_little_more_than_it_has_to(units: Path, name: str) -> None:
    verify(units, name)
    asked = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(units / name)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for .*: ([\d.]+)", said.stdout)
    assert exposure, said.stdout + said.stderr
    assert float(exposure[1]) < HIGHEST_EXPOSURE


def test_the_environment_of_the_example_has_settings_that_exist() -> None:
    known = {name for field in Environment.model_fields for name in names_of(field)}
    named = set(re.findall(r"^#?([A-Z_]+)=", (UNITS / "environment.example").read_text(), re.MULTILINE))
    assert {"TASKBELL_URL", "DATABASE_URL"} <= named <= known
