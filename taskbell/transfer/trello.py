"""Boards of Trello, as it exports them: https://support.atlassian.com/trello/docs/exporting-data-from-trello/."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

from taskbell.transfer.fitting import shown
from taskbell.transfer.foreign import Program, Read, notices_of, one_value, with_checklists
from taskbell.transfer.reading import Notice, Row, Unreadable

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
    "trello", "Must be a card as Trello exports it.", (*CARRIED, *BOOKKEEPING), column="cards", kind="Card"
)
ID_CHARACTERS = 8  # that are a Unix time in hexadecimal digits


def trello_rows(stream: IO[bytes]) -> Iterator[Row | Notice]:
    """The cards. A list is a category, checklists are part of the description."""
    line, board = one_value(stream)
    if not isinstance(board, dict) or not isinstance(board.get("cards"), list):
        raise Unreadable(line, "Must be a Trello board, which has cards.")
    reader = _Board(board)
    yield from notices_of(line, {"desc": board.get("desc")})
    for card in board["cards"]:
        yield TRELLO.row(line, card, reader.read)


class _Board:
    """What cards refer to."""

    def __init__(self, board: dict[str, Any]) -> None:
        self.lists = _by_id(board, "lists")
        self.members = _by_id(board, "members")
        self.fields = _by_id(board, "customFields")
        self.checklists, self.comments = defaultdict[str, list[Any]](list), defaultdict[str, list[Any]](list)
        for one in _records(board, "checklists"):
            self.checklists[str(one.get("idCard"))].append(one)
        for action in _records(board, "actions"):
            if action.get("type") == "commentCard":
                data = action.get("data") or {}
                self.comments[str((data.get("card") or {}).get("id"))].append(data.get("text"))

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
            "category": in_list.get("name"),
            "due_at": card.get("due"),
            "assigned_to": members[0] if members else None,
            "reminders": [{"before_due": f"PT{minutes}M"}] if isinstance(minutes, int) and minutes >= 0 else [],
            "created_at": _created_at(pk),
        }
        return cells, self._more(card, members[1:])

    def _more(self, card: dict[str, Any], members: list[str]) -> dict[str, Any]:
        """What a card has that a task can't have, by the name for people."""
        items = [item for one in self.checklists[card["id"]] for item in one.get("checkItems") or []]
        return {
            "label": [label.get("name") or label.get("color") for label in card.get("labels") or []],
            "member": members,
            "comment": self.comments[card["id"]],
            "archived": bool(card.get("dueComplete") and card.get("closed")),
            "custom field": [self._field(one) for one in card.get("customFieldItems") or []],
            "due date of a checklist item": [
                f"{shown(item.get('name'))} {shown(item['due'])}" for item in items if item.get("due")
            ],
        }

    def _field(self, item: dict[str, Any]) -> str:
        value = item.get("value") or {"option": item.get("idValue")}
        name = self.fields.get(item.get("idCustomField"), {}).get("name")
        return " ".join(map(shown, [*filter(None, [name]), *value.values()]))


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
