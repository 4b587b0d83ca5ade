"""The people that a file names."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.common.text import UNPRINTABLE, folded
from taskbell.tasks.kinds import OPEN_STAGES


class People:
    """People by username or address, also those who have left."""

    def __init__(self) -> None:
        self._known: dict[str, int | None] = {}
        self._left: set[int] = set()

    def learn(self, names: Iterable[Any]) -> None:
        """Looks up these names, and forgets all others."""
        texts = {name.strip() for name in names if isinstance(name, str) and len(name) < 300}
        wanted = {text for text in texts if text and not UNPRINTABLE.search(text)}  # no database accepts the others
        keys = set(map(folded, wanted))
        found = User.objects.filter(Q(username_key__in=keys) | Q(email__in=keys)).order_by("is_active")
        ids: dict[str, int] = {}
        for pk, is_active, *names_of_one in found.values_list("pk", "is_active", "email", "username_key"):
            ids |= dict.fromkeys(names_of_one, pk)
            if not is_active:
                self._left.add(pk)
        self._known = {name: ids.get(folded(name)) for name in wanted}

    def find(self, name: str) -> int | None:
        """The person's id; None if there is no such person."""
        return self._known.get(name)

    def find_assignee(self, name: str, stage: str) -> int | None:
        """The same, for a task in this stage: nobody who has left is assigned an open task."""
        person = self.find(name)
        return None if person in self._left and stage in OPEN_STAGES else person
