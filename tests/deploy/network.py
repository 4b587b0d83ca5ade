"""Hosts with addresses of their own, in namespaces of the kernel; this machine itself is not on their network."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

CLONE_NEWNET = 0x40000000
PREFIX = "10.213.7."
LIBC = ctypes.CDLL(None, use_errno=True)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


class Network:
    """A switch and the hosts on it, called as compose calls its services. Leaving the block removes them."""

    def __init__(self, services: Mapping[str, int]) -> None:
        """So many hosts of each service; `web` with two is `web-1` and `web-2`, and `web` is both."""
        self._tag = f"tb{os.getpid()}"
        self._switch = f"{self._tag}-switch"
        names = [f"{service}-{number}" for service, count in services.items() for number in range(1, count + 1)]
        self.address = {name: f"{PREFIX}{number}" for number, name in enumerate(names, start=11)}
        lines = [f"{address} {name} {name.rpartition('-')[0]}" for name, address in self.address.items()]
        self.hosts = "\n".join(["127.0.0.1 localhost", *lines, ""])

    def __enter__(self) -> Self:
        try:
            _ip("netns", "add", self._switch)
            _ip("-n", self._switch, "link", "add", "br0", "type", "bridge")
            _ip("-n", self._switch, "link", "set", "br0", "up")
            for name in self.address:
                self._connect(name)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for namespace in [*map(self.namespace, self.address), self._switch]:
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns") / namespace, ignore_errors=True)

    def namespace(self, name: str) -> str:
        return f"{self._tag}-{name}"

    def _connect(self, name: str) -> None:
        namespace, cable = self.namespace(name), self._cable(name)
        files = Path("/etc/netns") / namespace
        files.mkdir(parents=True)
        (files / "hosts").write_text(self.hosts)  # `ip netns exec` lays it over /etc/hosts
        _ip("netns", "add", namespace)
        _ip("-n", self._switch, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("-n", self._switch, "link", "set", cable, "master", "br0", "up")
        _ip("-n", namespace, "addr", "add", f"{self.address[name]}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", namespace, "link", "set", device, "up")

    def _cable(self, name: str) -> str:
        return f"cable{list(self.address).index(name)}"

    def inside(self, name: str) -> list[str]:
        """What a command begins with that is to run on this host."""
        return ["ip", "netns", "exec", self.namespace(name)]

    def cut(self, name: str) -> None:
        """Pulls the cable of this host."""
        _ip("-n", self._switch, "link", "set", self._cable(name), "down")

    def mend(self, name: str) -> None:
        """Plugs it in again."""
        _ip("-n", self._switch, "link", "set", self._cable(name), "up")

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Sockets that this thread opens in the block, and threads that it starts, are on this host."""
        with open("/proc/thread-self/ns/net") as here, open(f"/run/netns/{self.namespace(name)}") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())


def _enter(namespace: int) -> None:
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
