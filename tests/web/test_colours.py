"""Texts can be read on their grounds in both themes (WCAG 2.2, 1.4.3), and emails look like the pages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "taskbell"
MAIL = ROOT / "notifications/channels/mail"
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (ROOT / "web/static/web/app.css").read_text()
    )
}
GROUNDS = ("ground", "surface", "raised", "sunken")
PAIRS = [
    *((text, ground) for text in ("ink", "soft", "accent") for ground in GROUNDS),
    *((text, ground) for text in ("amber-ink", "red", "green") for ground in ("ground", "surface", "raised")),
    *(("amber-ink", "amber-wash"), ("red", "red-wash"), ("green", "green-wash"), ("accent-strong", "wash")),
    ("on-accent", "accent"),
]


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_a_text_can_be_read_on_its_ground_in_both_themes(text: str, ground: str) -> None:
    for colours in zip(TOKENS[text], TOKENS[ground], strict=True):
        dark, light = sorted(luminance(one) for one in colours)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colours


@pytest.mark.parametrize("file", ["styles.py", "kinds/base.html"])
def test_an_email_has_the_colours_of_the_pages(file: str) -> None:
    used = set(re.findall(r"#[0-9a-f]{6}\b", (MAIL / file).read_text()))
    assert used
    assert used <= {colour for pair in TOKENS.values() for colour in pair}
