"""Finds regular expressions whose work can grow faster than the text: where two quantifiers compete for a character."""

import ast
import builtins
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from tests.processes import ROOT

FEW = 20  # more repetitions than this count as unlimited
SAMPLE = frozenset(map(chr, range(128))) | set("é \u2028一")
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
AT_START = ("match", "fullmatch")
Chars = frozenset[str]


@dataclass(frozen=True)
class Open:
    """A quantifier that can give characters back to what follows: its characters, and what stands between."""

    chars: Chars
    between: tuple[Chars, ...] = ()

    def competes(self, others: Chars) -> bool:
        return all(one & others for one in self.between) if self.between else bool(self.chars & others)

    def then(self, needed: Chars) -> "Open":
        return replace(self, between=(*self.between, self.chars & needed))


def chars_of(op: Any, value: Any) -> Chars:
    """The characters of the sample that can be in the item."""
    if op is sre.LITERAL:
        return frozenset({chr(value), chr(value).swapcase()})
    if op is sre.NOT_LITERAL:
        return SAMPLE - {chr(value)}
    if op is sre.IN:
        negated = value[0][0] is sre.NEGATE
        found = frozenset().union(*(chars_of(*one) for one in value[negated:]))
        return SAMPLE - found if negated else found
    if op is sre.RANGE:
        return frozenset(char for char in SAMPLE if value[0] <= ord(char) <= value[1])
    if op is sre.CATEGORY:
        kind = str(value).rpartition("_")[2].lower()[0]
        is_not = "_NOT_" in str(value)
        return frozenset(char for char in SAMPLE if re.match(rf"\{kind.upper() if is_not else kind}", char))
    if op in REPEATS:
        return all_chars(value[2])
    if op is sre.BRANCH:
        return frozenset().union(*map(all_chars, value[1]))
    if op in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
        return all_chars(value[-1] if op is sre.SUBPATTERN else value)
    return SAMPLE if op in (sre.ANY, sre.GROUPREF) else frozenset()


def all_chars(items: Any) -> Chars:
    return frozenset().union(*(chars_of(*one) for one in items))


class Walk:
    """Walks a pattern with the quantifiers that are open at each place. `found` has what competes."""

    anchors: tuple[Any, ...] = (sre.AT_BEGINNING_STRING,)

    def __init__(self, pattern: str, flags: int = 0, *, searched: bool = True) -> None:
        self.found = False
        self.pending = False
        tree = parser.parse(pattern, flags)
        if not tree.state.flags & re.MULTILINE:
            self.anchors = (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING)
        # A search begins again at each character, as if it had `.*?` in front.
        self.restart = Open(SAMPLE) if searched else None
        self.sequence(tree, [])

    def sequence(self, items: Any, opens: list[Open]) -> list[Open]:
        for op, value in items:
            opens = self.item(op, value, opens)
        return opens

    def item(self, op: Any, value: Any, opens: list[Open]) -> list[Open]:
        if op in REPEATS:
            return self.repeat(op, *value, opens)
        if op is sre.BRANCH:
            return self.branch(value[1], opens)
        if op is sre.SUBPATTERN:
            return self.sequence(value[-1], opens)
        if op is sre.ATOMIC_GROUP:
            self.sequence(value, opens)
            return []
        if op in (sre.ASSERT, sre.ASSERT_NOT):
            restart, pending, self.pending = self.restart, self.pending, False
            self.sequence(value[1], [])
            self.restart, self.pending = restart, pending
            return opens
        if op is sre.AT:
            self.found = self.found or self.pending
            if value in self.anchors:
                self.restart = None
            return opens
        return self.needed(chars_of(op, value), opens)

    def branch(self, alternatives: Any, opens: list[Open]) -> list[Open]:
        before, ends, after = (self.restart, self.pending), [], []
        for one in alternatives:
            self.restart, self.pending = before
            after += self.sequence(one, opens)
            ends.append((self.restart, self.pending))
        self.restart = next((restart for restart, _ in ends if restart), None)
        self.pending = any(pending for _, pending in ends)
        return list(dict.fromkeys(after))

    def needed(self, chars: Chars, opens: list[Open]) -> list[Open]:
        """A character that must be there."""
        self.found = self.found or self.pending
        if self.restart:
            self.restart = self.restart.then(chars)
        return [one.then(chars) for one in opens if one.chars & chars]

    def repeat(self, op: Any, least: int, most: int, items: Any, opens: list[Open]) -> list[Open]:
        if most <= FEW:
            restart, pending = self.restart, self.pending
            if least == 0:
                self.pending = False
            after = self.sequence(items, opens)
            if least == 0:  # it can be left out
                self.restart, self.pending = restart, self.pending or pending
            return list(dict.fromkeys([*after, *opens])) if least == 0 else after
        chars = all_chars(items)
        self.found = self.found or any(one.competes(chars) for one in opens)
        inner = Walk.__new__(Walk)
        inner.found, inner.pending, inner.restart = False, False, None
        inner.sequence([*items, *items], [])
        self.found = self.found or (inner.found and op is not sre.POSSESSIVE_REPEAT)
        if self.restart and self.restart.competes(chars):
            self.pending = True
        kept = [one for one in opens if least == 0 or one.chars & chars]
        return kept if op is sre.POSSESSIVE_REPEAT else [*kept, Open(chars)]


def grows(pattern: str, flags: int = 0, *, searched: bool = True) -> bool:
    """Whether a text exists for which the work grows faster than its length."""
    return Walk(pattern, flags, searched=searched).found


@dataclass(frozen=True)
class Pattern:
    """A pattern in the product."""

    place: str
    text: str
    flags: int
    searched: bool


def patterns() -> Iterator[Pattern]:
    """Every pattern that the product gives to `re`, evaluated where it stands."""
    trees = {
        path: ast.parse(path.read_text())
        for path in sorted((ROOT / "taskbell").rglob("*.py"))
        if "migrations" not in path.parts
    }
    calls = [(path, node) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {id(node.value): names_of(node) for tree in trees.values() for node in ast.walk(tree) if is_named(node)}
    for path, call in calls:
        function = call.func
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
            continue
        if function.value.id != "re" or function.attr in ("escape", "purge"):
            continue
        names = named.get(id(call), set())
        methods = uses(names, calls) if function.attr == "compile" and names else {function.attr}
        yield evaluated(path, call, searched=not methods <= set(AT_START))


def is_named(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign)


def names_of(node: Any) -> set[str]:
    return {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def uses(names: set[str], calls: list[tuple[Path, ast.Call]]) -> set[str]:
    """The methods that the package calls on patterns with these names."""
    functions = [call.func for _, call in calls if isinstance(call.func, ast.Attribute)]
    return {one.attr for one in functions if isinstance(one.value, ast.Name) and one.value.id in names} or {"search"}


class Names(dict[str, Any]):
    """The names of a module. A local one, such as an optional sign, counts as empty."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, "")


def evaluated(path: Path, call: ast.Call, *, searched: bool) -> Pattern:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    names = {node.id for one in call.args for node in ast.walk(one) if isinstance(node, ast.Name)}
    known = Names(re=re)
    if names - {"re"}:
        known.update(vars(importlib.import_module(name.removesuffix(".__init__"))))

    def value(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), name, "eval"), {}, known)

    place = f"{path.relative_to(ROOT)}:{call.lineno}"
    function = call.func.attr  # type: ignore[attr-defined]
    further = call.args[{"sub": 3, "compile": 1}.get(function, 2) :]
    flags = value(further[0]) if further else 0
    text = value(call.args[0])
    return Pattern(place, text.decode("latin-1") if isinstance(text, bytes) else text, int(flags), searched)
