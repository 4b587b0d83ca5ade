"""The sheet of icons, of which every page loads all."""

import re
from pathlib import Path

import taskbell.web

WEB = Path(taskbell.web.__file__).parent
SYMBOLS = re.findall(r'<symbol id="([a-z0-9-]+)"', (WEB / "static/web/icons.svg").read_text())
MOST = 40


def test_the_sheet_is_small_and_has_each_icon_once() -> None:
    assert len(SYMBOLS) == len(set(SYMBOLS)) <= MOST


def test_every_icon_that_a_template_names_is_in_the_sheet() -> None:
    templates = "".join(file.read_text() for file in WEB.glob("templates/**/*.html"))
    named = set(re.findall(r'{% icon "([^"]+)"', templates))
    assert named
    assert named <= set(SYMBOLS)
