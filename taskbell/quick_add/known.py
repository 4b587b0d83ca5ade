"""What a line can name: categories, projects, labels, people and tasks."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from taskbell.common.folding import fold


@dataclass(frozen=True)
class Thing:
    """Something that a line can name; its id is None if it is new. `title` is what people call it, if not its name."""

    id: int | None
    name: str
    other_names: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Known:
    """What the person can name, by kind, and whether they may create categories and labels."""

    things: Mapping[str, Collection[Thing]] = field(default_factory=dict)
    may_create: bool = True

    def find(self, kind: str, name: str, *, by_prefix: bool = False) -> list[Thing]:
        """The things of this kind with this name, else with this other name, else (`by_prefix`) with this beginning."""
        wanted, things = fold(name), self.things.get(kind, ())
        names = [(thing, fold(thing.name), [fold(one) for one in thing.other_names]) for thing in things]
        return (
            [thing for thing, own, _ in names if own == wanted]
            or [thing for thing, _, others in names if wanted in others]
            or [thing for thing, own, others in names if by_prefix and any(map(_begins(wanted), (own, *others)))]
        )


def _begins(prefix: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(prefix)
