"""Reasons not to start, each a sentence for the person at the terminal."""


class CannotStart(Exception):
    """Something outside Taskbell prevents the start; the message names it and the setting."""


CANNOT_START = 2  # the exit code of a command that did not start
