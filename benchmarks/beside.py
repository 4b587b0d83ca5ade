"""Runs something else at the same time, in a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from time import sleep

from benchmarks.measure import Sizes


@contextmanager
def beside(name: str, sizes: Sizes) -> Iterator[list[str]]:
    """Runs the benchmark of this name during the block, until its input ends. Then the list has the lines it printed.

    It prints a first line when it is ready, and a last one at its end.
    """
    command = [sys.executable, "-m", "benchmarks.one", name, json.dumps(asdict(sizes))]
    with tempfile.NamedTemporaryFile("r") as said:
        with open(said.name, "w") as mouth:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=mouth)  # noqa: S603 - our own command
        lines: list[str] = []
        try:
            while not said.readline():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} has not begun.")
                sleep(0.05)
            yield lines
        finally:
            process.communicate()
        lines += said.read().splitlines()[:-1]
    if process.returncode:
        raise RuntimeError(f"{name} failed.")
