"""Colours of other programs, as the nearest of ours."""

import colorsys
import re
from typing import Any

from taskbell.projects.models import Colour

HEX = re.compile(r"#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)
HUES = {  # in degrees
    Colour.RED: 0,
    Colour.ORANGE: 25,
    Colour.AMBER: 40,
    Colour.YELLOW: 53,
    Colour.LIME: 80,
    Colour.GREEN: 125,
    Colour.TEAL: 172,
    Colour.CYAN: 187,
    Colour.BLUE: 211,
    Colour.VIOLET: 265,
    Colour.PINK: 330,
}
MIN_SATURATION = 0.15  # below it, people see grey
NAMES = {colour.value: colour for colour in Colour} | {"purple": Colour.VIOLET, "sky": Colour.CYAN, "gray": Colour.GREY}


def nearest_colour(value: Any) -> str | None:
    """The colour of a project that is nearest to this one: a name, or six hexadecimal digits."""
    if not isinstance(value, str):
        return None
    if name := NAMES.get(value.strip().lower()):
        return name.value
    digits = HEX.fullmatch(value.strip())
    if digits is None:
        return None
    hue, _, saturation = colorsys.rgb_to_hls(*(int(part, 16) / 255 for part in digits.groups()))
    if saturation < MIN_SATURATION:
        return Colour.GREY.value
    return min(HUES, key=lambda colour: abs((hue * 360 - HUES[colour] + 180) % 360 - 180)).value
