"""The examples of a page: its shell blocks, run in their order, each with the answer the page promises."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import ROOT, RunningTaskbell, environment_for, eventually

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "…"
# What a page says for people, and what the test does instead, in the very same line.
FOR_THE_TEST = {"minutes=1": "seconds=2"}
FAILS_LOUDLY = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }'
TELLS_ERRORS = 'curl() { command curl --silent --show-error "$@"; }'


@dataclass(frozen=True)
class Example:
    """One shell block, and the JSON block after it, if any: an ellipsis in it stands for anything.

    As the name of a member it stands for further members.
    """

    page: str
    line: int
    command: str
    answer: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_make(self) -> bool:
        """True for targets of the Makefile, which other tests run."""
        return self.command.startswith("make ")

    @property
    def is_refused(self) -> bool:
        """True where the page shows an error on purpose."""
        return "about:blank" in (self.answer or "")


def pages() -> list[Path]:
    """Every page that people read."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    """The page's blocks in one language."""
    return [text for kind, text in FENCE.findall(page.read_text()) if kind == language]


def examples(page: Path) -> list[Example]:
    """The page's shell blocks with their answers."""
    return list(_examples(page))


def _examples(page: Path) -> Iterator[Example]:
    text, waiting = page.read_text(), None
    for fence in FENCE.finditer(text):
        kind, content = fence.groups()
        if kind == "json" and waiting:
            yield Example(waiting.page, waiting.line, waiting.command, content)
            waiting = None
            continue
        if waiting:
            yield waiting
        line = text.count("\n", 0, fence.start()) + 1
        waiting = Example(str(page.relative_to(ROOT)), line, content) if kind == "sh" else None
    if waiting:
        yield waiting


class Shell:
    """A person's terminal in the folder Taskbell was started from; variables live from block to block."""

    def __init__(self, running: RunningTaskbell) -> None:
        self.running = running
        self.folder = running.data.parent
        self.variables = self.folder / "variables.sh"
        self.variables.touch()

    def run(self, example: Example) -> str:
        """What the block prints. Fails where a command fails, or where the answer is not the promised one."""
        self._wait_for_mail(example)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._script(example)],
            cwd=self.folder,
            env=environment_for(self.running.data, self.running.port, {}),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, f"{example}\n{done.stdout}\n{done.stderr}"
        if example.answer:
            assert_answers(done.stdout, example)
        return done.stdout

    def _script(self, example: Example) -> str:
        command = example.command.replace("localhost:8000", f"localhost:{self.running.port}")
        for said, done in FOR_THE_TEST.items():
            command = command.replace(said, done)
        curl = TELLS_ERRORS if example.is_refused else FAILS_LOUDLY
        return f'{curl}\nset -a\nsource "{self.variables}"\n{command}\nexport -p > "{self.variables}"'

    def _wait_for_mail(self, example: Example) -> None:
        if "var/mail/" in example.command:
            eventually(lambda: list((self.running.data / "mail").glob("*.eml")), within=20)


def assert_answers(printed: str, example: Example) -> None:
    """The printed JSON has the promised members and values, no more and no fewer."""
    promised, told = json.loads(example.answer or ""), json.loads(printed)
    assert _fits(promised, told), f"{example} promises\n{json.dumps(promised, indent=2)}\nbut gets\n{printed}"


def _fits(promised: Any, told: Any) -> bool:
    match promised:
        case dict():
            named = promised.keys() - {ANYTHING}
            return (
                isinstance(told, dict)
                and named <= told.keys()
                and (ANYTHING in promised or named == told.keys())
                and all(_fits(promised[name], told[name]) for name in named)
            )
        case list():
            return isinstance(told, list) and len(promised) == len(told) and all(map(_fits, promised, told))
        case str() if ANYTHING in promised:
            pattern = ".*".join(re.escape(part) for part in promised.split(ANYTHING))
            return re.fullmatch(pattern, str(told), re.DOTALL) is not None
        case _:
            return bool(promised == told)
