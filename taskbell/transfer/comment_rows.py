"""The comments of a row as they are stored, rendered before anything is locked."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.comments.models import MAX_BODY
from taskbell.comments.rendering import render
from taskbell.common.clock import as_instant
from taskbell.common.errors import invalid
from taskbell.common.wording import grouped
from taskbell.transfer.comment_cells import CommentRow
from taskbell.transfer.objects import from_json
from taskbell.transfer.people import People
from taskbell.transfer.reading import Notice, Row

COMMENT_COLUMNS = ("number", "place", "author_id", "body", "html", "size", "created_at", "edited_at", "is_undated")
WEIGHS = 500  # bytes of a comment and its HTML take as long as a row


def weight_of(comments: Iterable[tuple[Any, ...]]) -> int:
    """How long the comments take, in rows."""
    return sum(1 + one[5] // WEIGHS for one in comments)


def authors_in(cell: Any) -> list[Any]:
    """The authors of the comments in this cell, whatever it has."""
    if isinstance(cell, str) and cell.lstrip()[:1] == "[":
        cell = from_json(cell)
    return [one.get("author") for one in cell if isinstance(one, dict)] if isinstance(cell, list) else []


class CommentStager:
    """Makes comments ready to load. People who may edit everything may import comments of others.

    Everybody else writes them in their own name; the text begins with who wrote it.
    """

    def __init__(self, by: User, now: Any, people: People, *, may_name_authors: bool) -> None:
        self._by, self._now, self._people, self._may_name = by, now, people, may_name_authors

    def rows(self, number: int, row: Row, found: dict[str, Any], notices: list[Notice]) -> list[tuple[Any, ...]]:
        """The values of COMMENT_COLUMNS. Raises Invalid for a moment in the future."""
        zone = found["timezone"]
        return [self._row(number, place, one, zone, row, notices) for place, one in enumerate(found["comments"])]

    def _row(
        self, number: int, place: int, one: CommentRow, zone: str, row: Row, notices: list[Notice]
    ) -> tuple[Any, ...]:
        author, body = self._author(one)
        if len(body) > MAX_BODY:
            lost = _("Only the first %(most)s characters of a comment by %(author)s can be imported.") % {
                "most": grouped(MAX_BODY),
                "author": one.author,
            }
            notices.append(Notice(row.line, "comments", lost))
            body = body[:MAX_BODY]
        html, _mentions = render(body)
        moments = [moment and as_instant(moment, zone) for moment in (one.created_at, one.edited_at)]
        if any(moment is not None and moment > self._now for moment in moments):
            if "comments" not in row.lenient:
                raise invalid("comments", "future", _("Must not be in the future."))
            said = _("A comment's time is in the future. It is imported with the current time.")
            notices.append(Notice(row.line, "comments", said))
        created_at, edited_at = (moment and min(moment, self._now) for moment in moments)
        size = len(body.encode()) + len(html.encode())
        return number, place, author, body, html, size, created_at or self._now, edited_at, created_at is None

    def _author(self, one: CommentRow) -> tuple[int, str]:
        """Who is the author here, and the text, with the name of somebody else who has written it."""
        person = self._people.find(one.author) if one.author else self._by.pk
        if person is not None and (person == self._by.pk or self._may_name):
            return person, one.body
        when = f" on {one.created_at:%-d %B %Y}" if one.created_at else ""
        return self._by.pk, f"{one.author} wrote{when}:\n\n{one.body}"
