"""Reasons not to start, each one sentence for the person at the terminal."""


class CannotStart(Exception):
    """What is missing lies outside of Taskbell; the text says what, and names the setting."""


CANNOT_START = 2  # the exit code of a command that did not start
