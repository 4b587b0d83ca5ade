"""The translations: complete, compiled, and of one mind with the originals."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import polib
import pytest
from django.conf import settings

from tests.languages.messages import PACKAGE, ROOT, all_texts, catalogues, compiled, key_of, read, visible_texts

CATALOGUES = [pytest.param(path, id=language) for language, path in catalogues().items()]
# Names, and what is the same in every language.
UNTRANSLATED = {"Taskbell", "· Taskbell", "{{ title }} · Taskbell", "CSV", "JSON", "Esc", "wide"}  # `wide` is a class
OF_PLACES = re.compile(r"%(?:\((\w+)\))?[#0 +-]*\d*(?:\.\d+)?([a-zA-Z%])")


def test_every_language_but_the_first_has_a_catalogue() -> None:
    assert [code for code, _name in settings.LANGUAGES[1:]] == list(catalogues())


@pytest.mark.parametrize("path", CATALOGUES)
def test_every_text_is_translated_and_no_translation_is_left_over(path: Path) -> None:
    texts, entries = all_texts(), read(path)
    translated = {key_of(entry) for entry in entries if entry.translated()}
    assert not [text.one for text in texts if text not in translated], "run `make messages` and translate these"
    assert not [key.one for key in translated if key not in texts], "run `make messages`"


@pytest.mark.parametrize("path", CATALOGUES)
def test_the_compiled_file_is_what_the_translations_say(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == compiled(path), "run `make messages`"


@pytest.mark.parametrize("path", CATALOGUES)
def test_a_translation_has_the_placeholders_of_its_text(path: Path) -> None:
    for entry in read(path):
        wanted = _places(entry.msgid_plural or entry.msgid)
        for translation in _translations(entry):
            # One of something can be said without the number.
            missing = wanted - _places(translation) if not entry.msgid_plural else set()
            assert not missing and _places(translation) <= wanted, (entry.msgid, translation)  # noqa: PT018
            assert (translation[:1].isspace(), translation[-1:].isspace()) == (
                entry.msgid[:1].isspace(),
                entry.msgid[-1:].isspace(),
            )


@pytest.mark.parametrize("path", CATALOGUES)
def test_no_text_groups_numbers_as_english_does(path: Path) -> None:
    for entry in read(path):
        assert not any(":," in text for text in (entry.msgid, *_translations(entry))), f"{entry.msgid}: use `grouped`"


def test_german_has_german_quotation_marks() -> None:
    for entry in read(catalogues()["de"]):
        for translation in _translations(entry):
            assert not re.search('["”]', translation), translation
            assert translation.count("„") == translation.count("“"), translation


def _translations(entry: polib.POEntry) -> Iterator[str]:
    yield from entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]


def _places(text: str) -> set[str]:
    of_percent = {f"%{name}" for name, letter in OF_PLACES.findall(text) if letter != "%"}
    return of_percent or {f"{{{name}}}" for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.relative_to(PACKAGE).as_posix())
        for path in sorted(PACKAGE.rglob("*"))
        if path.suffix in (".html", ".txt") and {"templates", "kinds"} & set(path.parts) and "api" not in path.parts
    ],
)
def test_no_template_has_words_that_nobody_can_translate(path: Path) -> None:
    found = set(visible_texts(path.read_text())) - UNTRANSLATED
    assert not found, f"{path.relative_to(ROOT)}: put these into translate or blocktranslate"


def test_no_template_shows_a_long_number_without_groups() -> None:
    for path in PACKAGE.rglob("templates/**/*.html"):
        assert not re.findall(r"intcomma|floatformat(?!:.-?\d*g)", path.read_text()), path
