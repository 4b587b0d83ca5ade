"""What the parent of the web processes becomes while they serve: a small program, in the same process.

It only waits for them, so it runs without our packages and without the memory of all that the parent has loaded. If a
web process ends, it becomes `taskbell web` again, which loads everything and starts another.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence

# Blocked in this process, before and after it becomes another program, so that no signal is lost in between.
WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGALRM)
RESTART_SECONDS = 0.5
# A web process that ends sooner would probably do so again, and must not keep a core busy with loading.
FAILED_AT_ONCE_SECONDS, PAUSE_SECONDS = 5.0, 5.0
RESUME = "--resume"


def become_keeper(listener: int, serving: Sequence[int], command: Sequence[str]) -> None:
    """Goes on in this process as `keep`, with nothing else loaded. It doesn't return."""
    os.set_inheritable(listener, True)
    sys.stdout.flush()
    sys.stderr.flush()
    pids = ",".join(map(str, serving))
    os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, str(listener), pids, *command])  # noqa: S606 - this very program


def keep(listener: int, serving: set[int], command: Sequence[str]) -> None:
    """Returns once these processes have ended after SIGTERM or Ctrl-C. If one ends before, runs the command."""
    began_at, ended = time.monotonic(), list[int]()
    while True:
        if (codes := _reap(serving)) and not ended:
            has_failed_at_once = time.monotonic() - began_at < FAILED_AT_ONCE_SECONDS
            signal.setitimer(signal.ITIMER_REAL, PAUSE_SECONDS if has_failed_at_once else RESTART_SECONDS)
        ended += codes
        match signal.sigwait(WATCHED):
            case signal.SIGTERM | signal.SIGINT:
                return _stop(serving)
            case signal.SIGALRM:
                state = ":".join([str(listener), ",".join(map(str, serving)), ",".join(map(str, ended))])
                os.execv(command[0], [*command, f"{RESUME}={state}"])  # noqa: S606 - the program that it was


def _reap(serving: set[int]) -> list[int]:
    """Removes the processes that have ended, and returns their exit codes."""
    codes = []
    for pid in list(serving):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            serving.remove(pid)
            codes.append(os.waitstatus_to_exitcode(status))
    return codes


def _stop(serving: set[int]) -> None:
    for pid in serving:
        os.kill(pid, signal.SIGTERM)
    for pid in serving:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    keep(int(sys.argv[1]), {int(pid) for pid in sys.argv[2].split(",")}, sys.argv[3:])
