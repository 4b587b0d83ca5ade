"""The parent process of `taskbell run`: starts everything, keeps it running, stops it. It never loads Django."""

import logging.config
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from taskbell.config.env import Environment, environment
from taskbell.config.language import gettext as _
from taskbell.config.logs import logging_settings
from taskbell.config.mail import mail_settings
from taskbell.runtime.children import Child, stop_all
from taskbell.runtime.files import claim_data_folder, pid_file, setup_link_file
from taskbell.runtime.ports import bound, replies
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.valkey import answers, valkey

STARTING_PAUSE, RUNNING_PAUSE = 0.02, 0.25  # seconds between two checks of the children
STOP_SECONDS = 8.0  # for web and worker; Valkey stops after them, and everything within ten seconds
VALKEY_STOP_SECONDS = 1.5


class Stop(Exception):
    """The parent process was asked to stop, or can't go on."""

    def __init__(self, exit_code: int | None = 0) -> None:
        self.exit_code = exit_code


def run() -> None:
    """Runs everything until SIGTERM or Ctrl-C, then exits with 0. Raises CannotStart if something is missing."""
    env = environment()
    logging.config.dictConfig(logging_settings(env, is_child=False))
    lock = claim_data_folder(env.data)
    bound(env.TASKBELL_BIND, env.PORT).close()
    supervisor = Supervisor(env, lock)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.on_signal)
    try:
        supervisor.start()
        supervisor.watch()
    except Stop as stop:
        sys.exit(stop.exit_code)
    finally:
        supervisor.stop()


class Supervisor:
    """The children of the parent process."""

    def __init__(self, env: Environment, lock: int) -> None:
        self.env = env
        self.broker = [] if env.REDIS_URL else [valkey(env.data, lock=lock)]
        self.web = self._taskbell("web", "--prepare")
        self.others = [self._taskbell("worker", "--beat")]
        self.asked_to_stop = False

    def _taskbell(self, name: str, *options: str) -> Child:
        return Child(name, [sys.executable, "-m", "taskbell", name, *options], pid_file(self.env.data, name))

    def on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        """Only sets a flag: an exception raised while a child is starting would lose that child."""
        self.asked_to_stop = True

    def start(self) -> None:
        """Returns once the web server answers and the other processes have been started.

        The web server starts first, because it applies migrations and is what visitors wait for.
        """
        for broker in self.broker:
            broker.start()
            self._wait_for(lambda: answers(self.env.data))
        self.web.start()
        self._wait_for(self._web_answers)
        for child in self.others:
            child.start()
        print(banner(self.env), flush=True)

    def watch(self) -> None:
        """Restarts children that exit. Returns only by an exception."""
        while True:
            self._look_after([*self.broker, self.web, *self.others], pause=RUNNING_PAUSE)

    def stop(self) -> None:
        """Stops everything within ten seconds; Valkey last, so that the others can finish their work."""
        stop_all([self.web, *self.others], within=STOP_SECONDS)
        stop_all(self.broker, within=VALKEY_STOP_SECONDS)

    def _wait_for(self, is_ready: Callable[[], bool]) -> None:
        while not is_ready():
            self._stop_on_failed_start()
            self._look_after([*self.broker, self.web], pause=STARTING_PAUSE)

    def _stop_on_failed_start(self) -> None:
        """A child that exits before it first answers would only fail again; it has already printed the reason."""
        if any(broker.exit_code is not None for broker in self.broker):
            raise CannotStart(
                _("The embedded Valkey did not start. See %(data)s.")
                % {"data": self.env.data / "valkey" / "valkey.log"}
            )
        if (self.web.exit_code or 0) > 0:
            raise Stop(self.web.exit_code)

    def _look_after(self, children: list[Child], *, pause: float) -> None:
        if self.asked_to_stop:
            raise Stop
        for child in children:
            child.watch()
        time.sleep(pause)

    def _web_answers(self) -> bool:
        request = b"GET /healthz HTTP/1.0\r\n\r\n"
        return replies(self.env.TASKBELL_BIND, self.env.PORT, request, begin=b"HTTP/1.1 200")


def banner(env: Environment) -> str:
    """The address, the location of the data, and the next step."""
    mail, link = mail_settings(env), setup_link_file(env.data)
    through = _("through %(host)s") if mail["host"] else _("written to files in %(folder)s")
    lines = [
        "",
        "  " + _("Taskbell is ready at %(address)s") % {"address": env.url},
        "",
        f"  {_('Data'):8}{env.data}",
        f"  {_('Email'):8}{through % mail}",
        "",
        "  " + _("Press Ctrl-C to stop."),
        "",
    ]
    if link.exists():
        lines[5:5] = [
            "",
            "  "
            + _("There are no accounts yet. Create the first one, which becomes the admin, with this one-time link:"),
            f"  {link.read_text()}",
        ]
    return "\n".join(lines)
