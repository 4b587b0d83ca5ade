"""The web server."""

import logging
from contextlib import suppress
from functools import partial
from socket import socket

import uvicorn
from django.conf import settings
from django.db import connections
from django.urls import get_resolver
from django.utils import translation

from taskbell.common import process
from taskbell.common.postgresql.statistics import analyze_tables_without_statistics
from taskbell.config.env import Environment, environment
from taskbell.config.language import gettext as _
from taskbell.config.port import OPTIONS
from taskbell.runtime.forks import Forks, default_number
from taskbell.runtime.ports import bound, name_of
from taskbell.runtime.preparation import collect_static_files, leave_setup_link, migrate_database
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_broker, check_database

STOP_SECONDS = 5  # for responses in progress; the parent process waits longer before it kills

logger = logging.getLogger("taskbell.web")


def serve(*, prepare: bool, resume: str) -> None:
    """Serves until SIGTERM or Ctrl-C. Raises CannotStart if database, broker or port are unavailable.

    With `resume`, it replaces web processes that have ended while the others go on serving.
    """
    env = environment()
    forks = Forks.resumed(resume) if resume else Forks(_prepared(env, prepare=prepare))
    config = uvicorn.Config(
        "taskbell.config.asgi:application",
        host=env.TASKBELL_BIND,
        port=env.PORT,
        log_config=None,  # keeps Django's logging
        log_level="warning",
        timeout_graceful_shutdown=STOP_SECONDS,
        **OPTIONS,
    )
    number = env.WEB_CONCURRENCY or default_number()
    with suppress(KeyboardInterrupt):
        if number > 1 or resume:
            _load_everything(config)
            forks.run(partial(_serve, config, forks.listener), number)
        else:
            _serve(config, forks.listener)


def _prepared(env: Environment, *, prepare: bool) -> socket:
    """The socket to listen on, after all that must be checked and done before the first request."""
    refuse_endless_redirect(env)
    listener = bound(env.TASKBELL_BIND, env.PORT)
    check_database()
    if env.REDIS_URL or not prepare:  # otherwise the parent has just started the broker and checked it
        check_broker()
    if prepare:
        migrate_database()
        analyze_tables_without_statistics()
        if not env.TASKBELL_STATIC:
            collect_static_files()
        leave_setup_link(env.data)
    logger.info("Listening on %s.", name_of(env.TASKBELL_BIND, env.PORT))
    return listener


def _serve(config: uvicorn.Config, listener: socket) -> None:
    process.begin("web")
    _ReportingServer(config).run(sockets=[listener])


class _ReportingServer(uvicorn.Server):  # type: ignore[misc]
    """Reports what was counted before the signal that stopped it ends the process."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        await super().shutdown(sockets)
        process.end()


def _load_everything(config: uvicorn.Config) -> None:
    """Loads what the first requests would load, and closes the connections to the database: forks can't share them."""
    config.load()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            list(get_resolver().reverse_dict)  # loads the views and their names
    connections.close_all()


def refuse_endless_redirect(env: Environment) -> None:
    """Raises CannotStart if every request would look like plain HTTP and be redirected forever."""
    if env.url.startswith("https://") and not env.TASKBELL_PROXIES:
        raise CannotStart(
            _(
                "TASKBELL_PROXIES: must be 1 or more if TASKBELL_URL is https, because this server speaks plain HTTP "
                "and trusts a proxy's X-Forwarded-Proto only if you declare the proxy."
            )
        )
