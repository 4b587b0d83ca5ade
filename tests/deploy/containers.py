"""The image, built and started without an engine: Debian's buildah makes it, namespaces of the kernel run it.

What is real: the Dockerfile's every step, the user, environment, entry point and health check that stand in the image,
a root that cannot be written, processes of its own numbering. What is not: an engine's limits, networks and restarts.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from tests.processes import eventually

DISTRIBUTION = "bookworm"
BASE = f"localhost/taskbell-test-base:{DISTRIBUTION}"
NAME = "localhost/taskbell:test"
NEEDED = ("buildah", "mmdebstrap", "unshare", "nsenter", "ip")
HOSTS_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OUR_DATA = "/var/lib/taskbell"

# Runs as the first process of its namespaces; the root becomes read-only last.
START = """
set -eu
root=$1; data=$2; user=$3; hosts=$4; shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$data" "$root/var/lib/taskbell"
[ -z "$hosts" ] || mount --bind "$hosts" "$root/etc/hosts"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups="${user#*:}" "$root" "$@"
"""


def can_run() -> bool:
    """True on machines where this works: as root, with the programs of .ci/run."""
    return os.geteuid() == 0 and all(shutil.which(program) for program in NEEDED)


def _said(*command: str, **how: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout.strip()


def build(context: Path) -> None:
    """Makes the image of this folder. What the last run has left is used again, as engines do."""
    if not _said("buildah", "images", "--quiet", "--filter", f"reference={BASE}"):
        _make_base(context)
    _said(
        "buildah", "bud", "--isolation", "chroot", "--format", "docker", "--layers", "--build-arg", f"BASE={BASE}",
        "--build-arg", "REVISION=of-a-test", "--tag", NAME, str(context),
    )  # fmt: skip


def _make_base(folder: Path) -> None:
    """Debian with Python and nothing else, in the place of an image from a registry."""
    archive = folder / "base.tar"
    without = [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("doc", "man", "locale", "info")]
    certificates = f"--customize-hook=copy-in {HOSTS_CERTIFICATES} {HOSTS_CERTIFICATES.parent}"
    patient = '--aptopt=Acquire::Retries "3"'
    packages = "--include=python3,python3-venv,ca-certificates"
    _said(
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        patient,
        packages,
        *without,
        certificates,
        DISTRIBUTION,
        str(archive),
    )
    started = _said("buildah", "from", "scratch")
    try:
        _said("buildah", "add", "--quiet", started, str(archive), "/")
        _said("buildah", "commit", "--quiet", "--format", "docker", started, BASE)
    finally:
        _said("buildah", "rm", started)
        archive.unlink()


@dataclass(frozen=True)
class Image:
    """A built image whose files are at `root`."""

    root: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """What stands in it."""
        said: dict[str, Any] = json.loads(_said("buildah", "inspect", "--type", "image", NAME))
        config: dict[str, Any] = said["Docker"]["config"]
        return config

    @cached_property
    def size(self) -> int:
        """Bytes of all layers."""
        return int(json.loads(_said("buildah", "images", "--json", NAME))[0].get("size_raw") or self._measured)

    @cached_property
    def _measured(self) -> int:
        return int(_said("du", "--summarize", "--bytes", "--one-file-system", str(self.root)).split()[0])

    @property
    def env(self) -> dict[str, str]:
        return dict(entry.split("=", 1) for entry in self.config["Env"])


@contextmanager
def image(context: Path) -> Iterator[Image]:
    """The image of this folder, mounted until the block ends."""
    build(context)
    container = _said("buildah", "from", "--pull-never", NAME)
    try:
        yield Image(Path(_said("buildah", "mount", container)))
    finally:
        _said("buildah", "rm", container)


class Container:
    """One container of the image. `inside` puts it on a host of its own, where `hosts` names the others."""

    def __init__(
        self,
        image: Image,
        data: Path,
        *command: str,
        env: Mapping[str, str],
        inside: Sequence[str] = (),
        hosts: str = "",
    ) -> None:
        self.image, self.data, self.env = image, data, image.env | {"HOME": OUR_DATA} | dict(env)
        user = image.config["User"]
        data.mkdir(mode=0o700, exist_ok=True)
        os.chown(data, *map(int, user.split(":")))
        self.log = data.with_name(f"{data.name}-{time.monotonic_ns()}.log")
        names = data.with_name(f"{data.name}.hosts") if hosts else None
        if names:
            names.write_text(hosts)
            names.chmod(0o644)
        variables = [f"{name}={value}" for name, value in self.env.items()]
        run = [*image.config["Entrypoint"], *(command or image.config["Cmd"])]
        there = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', image.config["WorkingDir"]]
        with open(self.log, "wb") as log:
            self._outside = subprocess.Popen(
                [
                    *inside, "unshare", "--mount", "--pid", "--fork", "--propagation", "private",
                    "sh", "-c", START, "sh", str(image.root), str(data), user, str(names or ""),
                    "/usr/bin/env", "-i", *variables, *there, *run,
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_running:
            with suppress(ProcessLookupError):
                os.kill(self.first, signal.SIGKILL)  # and the kernel ends all others of its namespace
        self._outside.wait(10)

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def first(self) -> int:
        """The process that is number one inside, as it is numbered outside."""
        pid = self._outside.pid
        return int(eventually(Path(f"/proc/{pid}/task/{pid}/children").read_text, within=10).split()[0])

    @property
    def is_running(self) -> bool:
        return self._outside.poll() is None

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Another program in it, as the same user, such as the health check."""
        uid, gid = self.image.config["User"].split(":")
        return subprocess.run(
            [
                "nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--root", "--wd",
                f"--setuid={uid}", f"--setgid={gid}", *command,
            ],
            env=self.env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def stop(self, *, within: float = 20) -> int:
        """The signal that stands in the image; the exit code of the first process."""
        os.kill(self.first, signal.Signals[self.image.config.get("StopSignal") or "SIGTERM"])
        return self._outside.wait(within)

    def end(self, *, within: float = 60) -> int:
        """The exit code of a command that ends by itself."""
        return self._outside.wait(within)
