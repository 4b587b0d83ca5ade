"""Boards of Trello, as it exports them: https://support.atlassian.com/trello/docs/exporting-data-from-trello/."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.wording import grouped
from taskbell.transfer.colours import nearest_colour
from taskbell.transfer.fitting import shown
from taskbell.transfer.foreign import CARD, Members, Program, Read, comment_of, one_value, project_of, with_checklists
from taskbell.transfer.reading import Row, Unreadable

CARRIED = ("id", "name", "desc", "due", "dueComplete", "dueReminder", "closed", "idList", "idMembers", "idChecklists")
# Said in another way, or only for Trello itself.
BOOKKEEPING = (
    *("badges", "labels", "idLabels", "checkItemStates", "dateLastActivity", "descData", "email", "idBoard"),
    *("idShort", "idAttachmentCover", "limits", "manualCoverAttachment", "nodeId", "pos", "shortLink", "shortUrl"),
    *("subscribed", "url", "cover", "pinned", "agent", "cardRole", "creationMethod", "dateClosed", "dateCompleted"),
    *("creationMethodError", "creationMethodLoadingStartedAt", "originalDesc", "originalName", "pluginData"),
    *("idOrganization", "checklists", "members", "faviconUrl", "staticMapUrl", "mirrorSourceId", "customFieldItems"),
    *("singleInstanceEntityIndex", "isUndoable"),
)
TRELLO = Program(
    "trello",
    gettext_noop("Must be a card as Trello exports it."),
    (*CARRIED, *BOOKKEEPING),
    column="cards",
    kind=CARD,
)
ID_CHARACTERS = 8  # that are a Unix time in hexadecimal digits
COMMENTS = ("commentCard", "copyCommentCard")


def trello_rows(stream: IO[bytes]) -> Iterator[Row]:
    """The cards. The board is a project, a list a category, and checklists are part of the description."""
    line, board = one_value(stream)
    if not isinstance(board, dict) or not isinstance(board.get("cards"), list):
        raise Unreadable(line, _("Must be a Trello board, which has cards."))
    reader = _Board(board)
    for card in board["cards"]:
        yield TRELLO.row(line, card, reader.read)


class _Board:
    """What cards refer to."""

    def __init__(self, board: dict[str, Any]) -> None:
        self.lists = _by_id(board, "lists")
        self.members = _by_id(board, "members")
        self.fields = _by_id(board, "customFields")
        self.project = _project(board)
        self.checklists, self.comments = defaultdict[str, list[Any]](list), defaultdict[str, list[Members]](list)
        for one in _records(board, "checklists"):
            self.checklists[str(one.get("idCard"))].append(one)
        for action in reversed(_records(board, "actions")):  # the oldest first
            if action.get("type") in COMMENTS:
                card = _inner(_inner(action, "data"), "card")
                self.comments[str(card.get("id"))].append(self._comment(action))

    def _comment(self, action: Members) -> Members:
        """The comment. On a copied card, its author is that of the original."""
        data, writer = _inner(action, "data"), _inner(action, "memberCreator")
        original = data.get("idOriginalCommenter")
        if isinstance(original, str) and original != writer.get("id"):
            writer = self.members.get(original) or writer
        name = writer.get("username") or writer.get("fullName")
        return comment_of(data.get("text"), action.get("date"), author=name, edited_at=data.get("dateLastEdited"))

    def read(self, card: dict[str, Any]) -> Read:
        """The cells of the card, and what a task can't have."""
        pk, in_list = card["id"], self.lists.get(card.get("idList")) or {}
        members = [self.members.get(one, {}).get("username") or one for one in card.get("idMembers") or []]
        is_closed = bool(card.get("closed") or in_list.get("closed"))
        minutes = card.get("dueReminder")
        cells = {
            "title": card["name"],
            "description": with_checklists(card.get("desc") or "", map(_checklist, self.checklists[pk])),
            "stage": "COMPLETED" if card.get("dueComplete") else "ARCHIVED" if is_closed else "PENDING",
            "project": self.project,
            "category": in_list.get("name"),
            "labels": [_label(label) for label in card.get("labels") or []],
            "due_at": card.get("due"),
            "assigned_to": members[0] if members else None,
            "reminders": [{"before_due": f"PT{minutes}M"}] if isinstance(minutes, int) and minutes >= 0 else [],
            "comments": self.comments[pk],
            "created_at": _created_at(pk),
        }
        return cells, self._more(card, members[1:])

    def _more(self, card: dict[str, Any], members: list[str]) -> dict[str, Any]:
        """What a card has that a task can't have, by the name for people."""
        items = [item for one in self.checklists[card["id"]] for item in one.get("checkItems") or []]
        return {
            "member": members,
            "comment": self._missing(card),
            "archived": bool(card.get("dueComplete") and card.get("closed")),
            "custom field": [self._field(one) for one in card.get("customFieldItems") or []],
            "due date of a checklist item": [
                f"{shown(item.get('name'))} {shown(item['due'])}" for item in items if item.get("due")
            ],
        }

    def _missing(self, card: dict[str, Any]) -> str:
        """How many comments the file lacks: Trello exports the last thousand actions of a board."""
        there, here = _inner(card, "badges").get("comments"), len(self.comments[card["id"]])
        if not isinstance(there, int) or there <= here:
            return ""
        return _("%(missing)s of %(total)s, not in the file") % {
            "missing": grouped(there - here),
            "total": grouped(there),
        }

    def _field(self, item: dict[str, Any]) -> str:
        value = item.get("value") or {"option": item.get("idValue")}
        name = self.fields.get(item.get("idCustomField"), {}).get("name")
        return " ".join(map(shown, [*filter(None, [name]), *value.values()]))


def _project(board: Members) -> Members | None:
    looks = _inner(board, "prefs")
    colour = nearest_colour(looks.get("background")) or nearest_colour(looks.get("backgroundColor"))
    about = {"description": board.get("desc"), "colour": colour, "archived": board.get("closed") is True}
    return project_of(board.get("name"), board.get("id"), inbox=(), **about)


def _label(label: Members) -> Any:
    """Its name, or else its colour, which is then all that people see of it."""
    return label.get("name") or str(label.get("color") or "").replace("_", " ") or None


def _inner(record: Members, name: str) -> Members:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _records(board: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in board.get(name) or [] if isinstance(one, dict)]


def _by_id(board: dict[str, Any], name: str) -> dict[Any, dict[str, Any]]:
    return {one.get("id"): one for one in _records(board, name)}


def _checklist(one: dict[str, Any]) -> tuple[str, list[tuple[str, bool]]]:
    items = sorted(one.get("checkItems") or [], key=lambda item: item.get("pos") or 0)
    return one.get("name") or "", [(item.get("name") or "", item.get("state") == "complete") for item in items]


def _created_at(pk: str) -> str | None:
    """When the card was created, which its id begins with."""
    try:
        return datetime.fromtimestamp(int(pk[:ID_CHARACTERS], 16), UTC).isoformat()
    except ValueError:
        return None
