"""Texts that are constants: marked for translators where they stand, and translated where they are raised."""

import ast
from collections.abc import Iterator

from tests.languages.messages import PACKAGE

TREES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): ast.parse(path.read_text())
    for path in sorted(PACKAGE.rglob("*.py"))
}


def _own(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """The texts of the module by name, and whether they are marked."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            is_call = isinstance(node.value, ast.Call)
            if is_call and ast.unparse(node.value).startswith("gettext_noop("):
                yield node.targets[0].id, True
            elif isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                yield node.targets[0].id, False


OWN = {module: dict(_own(tree)) for module, tree in TREES.items()}


def _known(module: str) -> dict[str, bool]:
    """Those that the module can use."""
    imports = [node for node in TREES[module].body if isinstance(node, ast.ImportFrom)]
    imported = {alias.name: OWN.get(node.module or "", {}).get(alias.name) for node in imports for alias in node.names}
    return {name: marked for name, marked in imported.items() if marked is not None} | OWN[module]


def _calls(tree: ast.AST) -> Iterator[tuple[str, list[ast.expr]]]:
    return ((ast.unparse(node.func), node.args) for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_what_is_translated_is_marked() -> None:
    for module, tree in TREES.items():
        known = _known(module)
        names = {ast.unparse(args[0]) for function, args in _calls(tree) if function == "_" and args}
        assert not [name for name in names if known.get(name) is False], module


def test_what_is_marked_is_translated_before_it_is_raised() -> None:
    for module, tree in TREES.items():
        known = {} if module.startswith("taskbell.api.") else _known(module)  # which speaks English
        raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
        plain = {ast.unparse(arg).partition(".format(")[0] for one in raised for _, args in _calls(one) for arg in args}
        translated = {ast.unparse(arg) for one in raised for name, args in _calls(one) if name == "_" for arg in args}
        assert not [name for name in plain - translated if known.get(name)], module
