"""Where the mails of a test go."""

from pathlib import Path
from typing import Any

import pytest

from tests.reminders.mailbox import Mailbox, mailbox_in


@pytest.fixture
def mailbox(settings: Any, tmp_path: Path) -> Mailbox:
    """Empty."""
    return mailbox_in(settings, tmp_path)
