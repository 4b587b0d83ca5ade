"""`python -m tests.languages` brings the translations up to date; `make messages` calls it."""

from tests.languages.messages import catalogues, update

for language, path in catalogues().items():
    missing = update(path)
    print(f"{language}: {len(missing)} texts without a translation")
    for text in missing:
        print(f"  {text.one!r}")
