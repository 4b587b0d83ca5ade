"""Compression of pages, and of the files that they load."""

import brotli
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

LARGE = 100_000  # bytes; only the documentation of the API has larger files


class CompressedPages(GZipMiddleware):
    """Compresses pages. Django pads them by a random length, against guessing secrets by the size (BREACH)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Keeps static files by brotli and gzip, under names with their hashes."""

    def create_compressor(self, **options: object) -> Compressor:
        return _QuickCompressor(**options)


class _QuickCompressor(Compressor):
    """Saves most of the time: the best brotli would take ten seconds of the first start for large files alone."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return bytes(brotli.compress(data, quality=11 if len(data) < LARGE else 9))
