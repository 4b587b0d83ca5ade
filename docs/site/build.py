"""Builds the documentation site: `make site` writes it to `.site/html`, ready for any web server."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from docs.site.reference import page

ROOT = Path(__file__).parent.parent.parent
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
# The pages that are not in docs/, which keep their places so that links hold.
OTHERS = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")
OTHERS += ("benchmarks/RESULTS.md",)
SECTIONS: dict[str, tuple[str, ...]] = {
    "Start in five minutes": ("README.md",),
    "Concepts": ("docs/concepts.md", "docs/glossary.md"),
    "Guides": (
        *("docs/web-app.md", "docs/quick-add.md", "docs/calendars.md", "docs/mail.md"),
        "docs/howto/move-from-another-task-server.md",
    ),
    "API": ("docs/api.md", "docs/reference.md", "docs/live.md"),
    "Run it": (
        *("docs/deployment.md", "docs/deploy/*.md", "docs/configuration.md", "docs/*.md"),
        *("benchmarks/RESULTS.md", "benchmarks/README.md", "CHANGELOG.md"),
    ),
    "Change it": ("CONTRIBUTING.md", "ARCHITECTURE.md", "docs/howto/*.md"),
    "Decisions": ("docs/decisions/*.md",),
}


def build(folder: Path) -> None:
    """The site in `folder/html`. Warnings are errors."""
    pages = folder / "pages"
    for own in ("pages", "html"):
        shutil.rmtree(folder / own, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages / "docs", ignore=shutil.ignore_patterns("site", "*.py", "__pycache__"))
    for name in OTHERS:
        (pages / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, pages / name)
    for name in ("docs/site/site.css", "taskbell/web/static/web/logo.svg", "taskbell/web/static/web/favicon.svg"):
        shutil.copy(ROOT / name, pages)
    command = [sys.executable, "manage.py", "spectacular", "--format", "openapi-json"]
    schema = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603 - our own
    (pages / "docs/reference.md").write_text(page(json.loads(schema)))
    for path in pages.rglob("*.md"):
        path.write_text(_without_links_to_code(path.read_text(), path, pages))
    settings = (ROOT / "docs/site/zensical.toml").read_text()
    (folder / "zensical.toml").write_text(settings.replace("nav = []", f"nav = {_navigation(pages)}"))
    zensical = Path(sys.executable).with_name("zensical")
    subprocess.run([zensical, "build", "--strict", "-f", folder / "zensical.toml"], cwd=folder, check=True)  # noqa: S603


def _without_links_to_code(text: str, path: Path, pages: Path) -> str:
    """Links to files that are no pages become plain text: the site has no repository to show them."""

    def kept(link: re.Match[str]) -> str:
        file = (path.parent / link[2]).resolve()
        is_page = file.is_relative_to(pages) and file.is_file()
        return link[0] if is_page or ":" in link[2] else link[1]

    return LINK.sub(kept, text)


def _navigation(pages: Path) -> str:
    """Each page once, in the first section that names it."""
    seen = set[Path]()
    sections = []
    for title, patterns in SECTIONS.items():
        found = [one for pattern in patterns for one in sorted(pages.glob(pattern)) if one not in seen]
        found = list(dict.fromkeys(found))
        seen.update(found)
        sections.append(_entry(title, found, pages))
    return f"[{', '.join(sections)}]"


def _entry(title: str, paths: Iterable[Path], pages: Path) -> str:
    names = [json.dumps(str(path.relative_to(pages))) for path in paths]
    return f"{{ {json.dumps(title)} = {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'} }}"


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / ".site")
