"""The command line speaks the language of the terminal."""

import pytest

from taskbell.config import language


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"LANG": "de_DE.UTF-8"}, "Mit Strg-C beenden."),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "de_AT"}, "Mit Strg-C beenden."),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "Press Ctrl-C to stop."),
        ({"LANG": "fi_FI.UTF-8"}, "Press Ctrl-C to stop."),
        ({}, "Press Ctrl-C to stop."),
    ],
)
def test_it_is_english_if_unsure(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str) -> None:
    for name in ("LANGUAGE", "LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    language._catalogue.cache_clear()
    assert language.gettext("Press Ctrl-C to stop.") == said
    language._catalogue.cache_clear()


def test_language_decides_before_lang_up_to_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for names, code in (("de_AT:de:en", "de"), ("en_GB:de", "en"), ("fi:de", "de")):
        monkeypatch.setenv("LANG", "de_DE.UTF-8")
        monkeypatch.setenv("LANGUAGE", names)
        language._catalogue.cache_clear()
        assert language.terminal_language() == code
    language._catalogue.cache_clear()
