"""Taskbell's settings, with the addresses of `ours.py`."""

from taskbell.config.settings import *  # noqa: F403 - settings are a list of names

ROOT_URLCONF = "benchmarks.peers.ours"
