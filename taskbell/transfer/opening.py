"""Opens files to import: their content says what they are."""

import logging
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from taskbell.transfer.foreign import MALFORMED
from taskbell.transfer.formats import ALIASES, OWN_FORMATS, FileOptions, rows_of
from taskbell.transfer.reading import Notice, Row, Unreadable
from taskbell.transfer.recognising import EMPTY, HEAD_BYTES, recognise

log = logging.getLogger(__name__)


class OpenedFile:
    """A seekable file whose format is known: as `said`, or by its content, or by its type or name (`hint`)."""

    def __init__(
        self, stream: IO[bytes], options: FileOptions, *, said: str | None = None, hint: str | None = None
    ) -> None:
        self._stream, self._options = stream, options
        self.guess = recognise(stream.read(HEAD_BYTES))
        stream.seek(0)
        by_content = self.guess.format
        self.format = ALIASES.get(said or "", said) or (hint if self.guess.vague and hint else by_content)
        self._is_odd = not self.guess.vague and by_content != self.format

    def rows(self) -> Iterator[Row | Notice]:
        """The rows. Raises Unreadable, saying what the file seems to be, if there are none."""
        if self.format is None or self._is_odd:
            raise Unreadable(1, self._refusal())
        count = 0
        try:
            for row in rows_of(self.format, self._stream, self._options):
                count += isinstance(row, Row)
                yield row
        except Unreadable as error:
            if count or self.guess.format == self.format:
                raise
            message = _("%(message)s The file seems to be %(name)s.") % {
                "message": error.error.message,
                "name": self.guess.name,
            }
            raise Unreadable(error.error.line, message, column=error.error.field) from error
        except MALFORMED as error:  # in what the file has around its tasks
            log.debug("a file could not be read", exc_info=error)
            raise Unreadable(
                1, _("Can't be read as %(format)s, because its structure is different.") % {"format": self.format}
            ) from error
        if not count and (self.format not in OWN_FORMATS or self.guess is EMPTY):
            raise Unreadable(
                1, _("There are no tasks in this file. It seems to be %(name)s.") % {"name": self.guess.name}
            )

    def _refusal(self) -> str:
        names = {"name": self.guess.name, "wanted": self.format, "format": self.guess.format}
        if self.guess.format is None:
            return _("Can't import this file, because it seems to be %(name)s.") % names
        return (
            _(
                "Can't import this file, because it seems to be %(name)s, not %(wanted)s. "
                "Send the format %(format)s, or none."
            )
            % names
        )
