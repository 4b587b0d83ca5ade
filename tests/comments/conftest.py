"""Short ways to have comments, and the emails about them."""

from tests.reminders.conftest import mailbox
from tests.tasks.conftest import program

__all__ = ["mailbox", "program"]
