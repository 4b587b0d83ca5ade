"""The sites whose pages may call the API from a browser (CORS)."""

import re
from urllib.parse import urlsplit

from taskbell.config.language import gettext as _

PARTS = re.compile(r"https?://[^/?#@\s*]+")
USUAL_PORTS = {"http": 80, "https": 443}


def read_origins(text: str) -> list[str]:
    """The origins as browsers write them (RFC 6454 §6.2). Raises ValueError with a sentence."""
    return [_origin(one) for one in (part.strip() for part in text.split(",")) if one]


def _origin(text: str) -> str:
    if text == "*":
        raise ValueError(_("must name each origin, because * would let every site in."))
    if not text.isascii() or not PARTS.fullmatch(text.lower()):
        raise _unusable(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port == 0:
        raise _unusable(text)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port in (None, USUAL_PORTS[parts.scheme]) else f":{port}")


def _unusable(text: str) -> ValueError:
    said = _(
        "must be origins such as https://app.example.org, separated by commas. "
        "Can't use %(text)s: an origin has a scheme, a host and, if needed, a port."
    )
    return ValueError(said % {"text": text})
