"""How-tos, followed in a copy of the project: their diffs are applied, their commands run, in the order of the page."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.examples import FENCE
from tests.processes import ROOT, environment_for, free_port

COPIED = ("taskbell", "tests", "docs", "Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt")
STAMPS = ("installed", "installed-dev")  # by these, make sees that nothing is to be installed


class Project:
    """A copy of the project, with the same installed libraries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        skipped = shutil.ignore_patterns("__pycache__", "images", ".*")
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=skipped)
            else:
                shutil.copy2(ROOT / name, folder / name)
        venv = folder / ".venv"
        venv.mkdir()
        for part in Path(sys.prefix).iterdir():
            if part.name not in STAMPS:
                (venv / part.name).symlink_to(part)
        for name in STAMPS:
            (venv / name).touch()

    def follow(self, page: Path) -> list[str]:
        """Does what the page says. Returns what each of its commands printed."""
        printed = []
        for language, text in FENCE.findall(page.read_text()):
            assert language in ("diff", "sh"), f"{page.name} has a block that nobody checks"
            if language == "diff":
                self.apply(text)
            else:
                printed.append(self.run(text))
        return printed

    def apply(self, diff: str) -> None:
        """Changes or makes the file that the first line names. Lines that stay must be in it, in one place."""
        first, *lines = diff.splitlines()
        assert first.startswith("+++ "), f"{first!r} names no file"
        file = self.folder / first.removeprefix("+++ ")
        text = file.read_text() if file.exists() else "\n"
        for hunk in "\n".join(lines).split("\n@@\n"):
            old = _side(hunk, "+")
            assert text.count(old) == 1, f"{file.relative_to(self.folder)} has {text.count(old)} times\n{old}"
            text = text.replace(old, _side(hunk, "-"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"))

    def run(self, commands: str) -> str:
        """What the commands print. Fails where one fails."""
        extra = {"PYTHONPATH": str(self.folder), "TEST_DATABASE": "sqlite"}
        data = self.folder / "var"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.folder,
            env=environment_for(data, free_port(), extra) | {"UV": os.devnull},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def _side(hunk: str, other: str) -> str:
    """The lines of the hunk as they are before or after: without those that begin with `other`."""
    return "".join(f"\n{line[1:]}" for line in hunk.splitlines() if not line.startswith(other)) + "\n"
