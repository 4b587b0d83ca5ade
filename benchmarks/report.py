"""What was measured, as a table for the terminal and for RESULTS.md."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Row, Sizes

HEADINGS = ("what", "on", "median (range)", "compared with", "ratio", "goal", "met")


@dataclass(frozen=True)
class Result:
    """The rows of one benchmark on one database."""

    name: str
    database: str
    rows: Sequence[Row]

    def lines(self) -> Iterable[tuple[str, ...]]:
        """The cells of the table."""
        for row in self.rows:
            yield (
                row.what,
                self.database,
                spread(row.times, row.unit),
                f"{row.compared_with}: {spread(row.beside, row.unit)}" if row.beside else "",
                f"{row.ratio:.2f}" if row.ratio is not None else "",
                str(row.goal or ""),
                {True: "yes", False: "no", None: ""}[row.is_met],
            )


def spread(times: Sequence[float], unit: str = "") -> str:
    """Median and range."""
    if not times:
        return ""
    digits = 2 if median(times) < 10 else 1 if median(times) < 100 else 0
    if len(times) == 1:
        return f"{times[0]:,.{digits}f}{unit}"
    return f"{median(times):,.{digits}f}{unit} ({min(times):,.{digits}f}–{max(times):,.{digits}f})"


def show(results: Sequence[Result]) -> None:
    """The table in the terminal."""
    table = Table(*HEADINGS)
    for result in results:
        for line in result.lines():
            table.add_row(*line)
        table.add_section()
    Console().print(table)


def document(results: Sequence[Result], sizes: Sizes, known: str = "") -> str:
    """RESULTS.md: the machine, and a table for each benchmark. What is known of others stays as it is."""
    old = {part.partition("\n")[0]: part.strip() for part in known.split("\n## ")[1:]}
    new = {name: _section(name, results, sizes) for name in dict.fromkeys(result.name for result in results)}
    return "\n\n".join([*_preface(), *(f"## {section}" for section in (old | new).values())]) + "\n"


def _preface() -> list[str]:
    parts = [
        f"{os.cpu_count()} cores ({platform.machine()}), {_memory()} GiB of memory, {platform.system()}",
        f"Python {platform.python_version()}",
        f"Django {version('django')}",
        "both databases as they come, without tuning",
    ]
    return [
        "# Results",
        "Written by `make bench`. [README](README.md) explains how to read it.",
        "\n".join(f"- {part}" for part in parts),
    ]


def _section(name: str, results: Sequence[Result], sizes: Sizes) -> str:
    size = f"{sizes.tasks:,} tasks, {sizes.people:,} people; at most {sizes.rounds} rounds, interleaved."
    return f"{name}\n\nOn {datetime.now(UTC):%Y-%m-%d}: {size}\n\n{_table(name, results)}"


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _table(name: str, results: Sequence[Result]) -> str:
    lines = [line for result in results if result.name == name for line in result.lines()]
    return "\n".join(_line(cells) for cells in (HEADINGS, ["---"] * len(HEADINGS), *lines))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(path: Path, results: Sequence[Result], sizes: Sizes) -> None:
    """Rewrites the document; keeps the tables of benchmarks that were not run now."""
    known = path.read_text() if path.exists() else ""
    path.write_text(document(results, sizes, known))
