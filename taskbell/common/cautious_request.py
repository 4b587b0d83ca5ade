"""Django's request, but without trust in what the client says about the body."""

from functools import cached_property
from typing import Any

from django.core.handlers.wsgi import WSGIRequest, get_str_from_wsgi
from django.utils.http import parse_header_parameters

from taskbell.common.cookies import cookies_of

MAX_CONTENT_TYPE = 1000  # characters; Django's parser takes quadratic time


class CautiousRequest(WSGIRequest):
    """A request whose texts are UTF-8.

    Django looks up whatever charset a client names. Python remembers each unknown one forever, and some known ones
    take quadratic time, as does its reader of cookies.
    """

    @cached_property
    def COOKIES(self) -> dict[str, str]:  # type: ignore[override]  # noqa: N802 - Django's name
        return cookies_of(str(get_str_from_wsgi(self.environ, "HTTP_COOKIE", "")))

    def _set_content_type_params(self, meta: Any) -> None:
        content_type = meta.get("CONTENT_TYPE", "")
        try:
            if len(content_type) > MAX_CONTENT_TYPE or "*" in content_type:  # RFC 2231 names charsets, too
                raise ValueError
            self.content_type, self.content_params = parse_header_parameters(content_type)
        except ValueError:
            self.content_type, self.content_params = "", {}
            meta["CONTENT_TYPE"] = ""
