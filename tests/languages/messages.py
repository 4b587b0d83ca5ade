"""The texts of Taskbell that are to be translated, and the files of translations.

`make messages` brings every taskbell/locale/*/LC_MESSAGES/django.po up to date and compiles it. GNU gettext is not
needed.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import TranslatorCommentWarning, templatize

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "taskbell"
LOCALE = PACKAGE / "locale"
# How many arguments of each function are texts, and which of them is a context.
FUNCTIONS = {"gettext": "m", "gettext_noop": "m", "ngettext": "mp", "pgettext": "cm", "npgettext": "cmp"}
COMMAND = "app.command("  # its docstring is its help on the command line
MODULES = ("django.utils.translation", "taskbell.config.language")  # where the functions come from
STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATES = re.compile(rf"(?<!\w)(_|{'|'.join(FUNCTIONS)})\(({STRING}(?:, ?{STRING})*)", re.DOTALL)


class Text(NamedTuple):
    """A text of ours: what translators see."""

    context: str | None
    one: str
    many: str | None


def all_texts() -> dict[Text, list[str]]:
    """Every text, with the files that have it, in the order of the files."""
    found: dict[Text, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py" and "migrations" not in path.parts:
            texts = texts_of_module(path.read_text())
        elif path.suffix in (".html", ".txt", ".js") and ("templates" in path.parts or "kinds" in path.parts):
            texts = texts_of_template(path.read_text())
        else:
            continue
        for text in texts:
            files = found.setdefault(text, [])
            if name not in files:
                files.append(name)
    return found


def texts_of_template(source: str) -> Iterator[Text]:
    """The texts in a template."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TranslatorCommentWarning)
        code = templatize(source)
    for match in IN_TEMPLATES.finditer(code):
        strings = [str(ast.literal_eval(_lines(one))) for one in re.findall(STRING, match[2], re.DOTALL)]
        yield _text(FUNCTIONS["gettext" if match[1] == "_" else match[1]], strings)


def _lines(literal: str) -> str:
    return literal.replace("\n", "\\n")


def texts_of_module(source: str) -> Iterator[Text]:
    """The texts in a module."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name.removesuffix("_lazy")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in MODULES
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(one).startswith(COMMAND) for one in node.decorator_list
        ):
            yield Text(None, ast.get_docstring(node) or "", None)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and names.get(node.func.id) in FUNCTIONS:
            form = FUNCTIONS[names[node.func.id]]
            strings = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if len(strings) >= len(form):
                yield _text(form, strings)


def _is_command(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).startswith(COMMAND)


def _text(form: str, strings: list[str]) -> Text:
    named = dict(zip(form, strings, strict=False))
    return Text(named.get("c"), named["m"], named.get("p"))


def catalogues() -> dict[str, Path]:
    """The files of translations, by language."""
    return {path.parts[-3]: path for path in sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))}


def read(path: Path) -> polib.POFile:
    """The translations in the file."""
    return polib.pofile(str(path), wrapwidth=110)


def key_of(entry: polib.POEntry) -> Text:
    """Which text an entry translates."""
    return Text(entry.msgctxt, entry.msgid, entry.msgid_plural or None)


def update(path: Path) -> list[Text]:
    """Adds what is missing, without a translation, and leaves out what is gone. Returns what lacks a translation."""
    old = read(path)
    known = {key_of(entry): entry for entry in old}
    new = polib.POFile(wrapwidth=110)
    new.metadata = old.metadata
    new.header = old.header
    for text, files in all_texts().items():
        entry = known.get(text) or polib.POEntry(msgctxt=text.context, msgid=text.one, msgid_plural=text.many or "")
        if text.many and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        entry.occurrences = [(name, "") for name in files]
        entry.flags = ["python-format"] if "%(" in text.one else []
        new.append(entry)
    new.save(str(path))
    path.with_suffix(".mo").write_bytes(compiled(path))
    return [key_of(entry) for entry in new if not entry.translated()]


def compiled(path: Path) -> bytes:
    """What the file of translations compiles to."""
    return bytes(read(path).to_binary())


TOKEN = re.compile(r"(\{%.*?%\}|\{#.*?#\}|<!--.*?-->|<!DOCTYPE[^>]*>|<style>.*?</style>|<[^>]*>)", re.DOTALL)
NAMED = re.compile(r"\b(?:aria-label|alt|placeholder|title|aria-roledescription)=(\"[^\"]*\"|'[^']*')")


def visible_texts(source: str) -> Iterator[str]:
    """What people read in a template although it is in no tag for translation."""
    plain = re.sub(r"\{% (comment|blocktranslate)\b.*?\{% end\1 %\}", "", source, flags=re.DOTALL)
    for part in TOKEN.split(plain):
        if TOKEN.fullmatch(part):
            for name in NAMED.findall(part):
                yield from _words(re.sub(r"\{%.*?%\}", "", name[1:-1]))
        else:
            yield from _words(part)


def _words(text: str) -> Iterator[str]:
    names = r"\b(?:class|id)=\"[\w -]*(?:\{\{[^\"]*)?\"|\bdata-\w+=\"\{\{[^\"]*\""
    plain = re.sub(names + r"|\{\{.*?\}\}[/\w-]*|&\w+;", "", text)
    if re.search(r"[A-Za-z]{2,}", plain):
        yield text.strip()
