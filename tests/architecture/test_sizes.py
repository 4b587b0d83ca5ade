"""The rules of sizes and habits, measured (ARCHITECTURE.md says why they are there)."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from tests.processes import ROOT

LONGEST_MODULE, USUAL_MODULE = 300, 80
LONGEST_FUNCTION, NINE_OF_TEN_FUNCTIONS = 50, 25
MODULES = [path for path in sorted((ROOT / "taskbell").rglob("*.py")) if "migrations" not in path.parts]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(module: Path) -> int:
    return len(module.read_text().splitlines())


def nodes_of(module: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(module.read_text()))


def name_of(module: Path) -> str:
    return str(module.relative_to(ROOT))


def functions() -> dict[str, int]:
    """Every function with its number of lines, decorators and docstring included."""
    return {
        f"{name_of(module)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - first_line(node) + 1
        for module in MODULES
        for node in nodes_of(module)
        if isinstance(node, Function)
    }


def first_line(function: Function) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def imported(node: ast.AST) -> list[str]:
    """What an import statement names; a relative import begins with a dot."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return []


def imports(module: Path) -> set[str]:
    return {name for node in nodes_of(module) for name in imported(node)}


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    too_long = {name_of(module): lines_of(module) for module in MODULES if lines_of(module) > LONGEST_MODULE}
    assert not too_long


def test_half_of_the_modules_have_at_most_eighty_lines() -> None:
    assert median(lines_of(module) for module in MODULES if lines_of(module)) <= USUAL_MODULE


def test_no_function_is_longer_than_fifty_lines() -> None:
    assert not {name: lines for name, lines in functions().items() if lines > LONGEST_FUNCTION}


def test_nine_of_ten_functions_have_at_most_twenty_five_lines() -> None:
    assert quantiles(functions().values(), n=10)[-1] <= NINE_OF_TEN_FUNCTIONS


def test_a_module_says_by_name_what_it_imports() -> None:
    assert not [(name_of(module), name) for module in MODULES for name in imports(module) if name.endswith(".*")]


def test_our_own_modules_are_imported_at_the_top() -> None:
    inside = [
        (name_of(module), name)
        for module in MODULES
        for function in nodes_of(module)
        if isinstance(function, Function)
        for node in ast.walk(function)
        for name in imported(node)
    ]
    assert not [(module, name) for module, name in inside if name.startswith(("taskbell", "."))]


def test_nothing_happens_behind_the_back_by_signals() -> None:
    assert not [(name_of(module), name) for module in MODULES for name in imports(module) if is_of_signals(name)]


def is_of_signals(name: str) -> bool:
    """True for Django's signals and for the decorator that receives them."""
    package, *rest = name.split(".")
    return package == "django" and not {"signals", "dispatch"}.isdisjoint(rest)


def test_no_two_classes_share_a_name() -> None:
    classes = [
        node.name
        for module in MODULES
        for node in nodes_of(module)
        if isinstance(node, ast.ClassDef) and node.name != "Meta"
    ]
    assert not {name for name, times in Counter(classes).items() if times > 1}
