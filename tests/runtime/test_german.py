"""An administrator whose terminal speaks German reads German."""

from pathlib import Path

import pytest

from tests.languages.english import english_in
from tests.prepared import prepared
from tests.processes import taskbell

GERMAN = {"LANG": "de_DE.UTF-8", "LANGUAGE": ""}


def test_help_is_in_german_with_the_words_of_typer(data: Path) -> None:
    said = taskbell("help", "export", data=data, env=GERMAN).stdout
    shown = [line.strip(" │╭╮─╰╯") for line in said.splitlines()]
    assert not list(english_in([line for line in shown if line and not line.startswith("Usage")]))
    assert {"Argumente", "Optionen"} <= set(shown)
    assert "Auch die Befehle von Django gehen" in taskbell(data=data, env=GERMAN).stdout


def test_an_administrator_reads_in_german_what_an_import_says_and_english_as_the_default(
    data: Path, tmp_path: Path
) -> None:
    assert taskbell("demo", "--tasks", "5", data=prepared(data), env=GERMAN, within=60).returncode == 0
    file = tmp_path / "tasks.csv"
    file.write_text("title,due date\nSow,soon\nReap,2027-03-31\n")
    result = taskbell("import", str(file), "--partial", data=data, env=GERMAN, within=60)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "Zeile 2, due_date: Muss ein Datum wie 2027-03-31 sein.",
        "1 Aufgabe aus csv importiert, 0 aktualisiert, 0 bekannte übersprungen, 1 Zeile weggelassen, 0 Hinweise.",
    ]
    result = taskbell("import", str(file), "--partial", "--on-existing", "error", data=data, within=60)
    assert result.stderr.startswith("line 2, due_date: Must be a date such as 2027-03-31.\n")
    assert taskbell("recount", data=data, env=GERMAN, within=60).stdout == "Alle Zahlen stimmen.\n"
    assert "--dates: muss einer" in taskbell("import", str(file), "--dates", "x", data=data, env=GERMAN).stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "x", "muss eine ganze Zahl sein."),
        ("PORT", "0", "muss mindestens 1 sein."),
        ("TASKBELL_HSTS", "maybe", "muss einer dieser Werte sein: off, host, subdomains, preload."),
        ("SECRET_KEY", "short", "muss mindestens 32 Zeichen haben."),
        ("TASKBELL_TIME_ZONE", "Mars", "muss eine Zeitzone der IANA wie Europe/Berlin sein."),
        ("TASKBELL_FOO", "1", "unbekannte Einstellung. Alle Einstellungen stehen in docs/configuration.md."),
    ],
)
def test_a_bad_setting_is_refused_in_german(data: Path, name: str, value: str, sentence: str) -> None:
    assert taskbell("recount", data=data, env=GERMAN | {name: value}).stderr == f"taskbell: {name}: {sentence}\n"


def test_commands_of_django_speak_the_words_of_argparse_in_german(data: Path) -> None:
    result = taskbell("createsuperuser", "--nonsense", data=data, env=GERMAN, within=60)
    assert result.returncode == 2
    assert "taskbell createsuperuser: Fehler: unbekannte Argumente: --nonsense" in result.stderr
