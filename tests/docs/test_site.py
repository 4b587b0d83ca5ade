"""The documentation site: complete, without dead links, and searchable without other servers."""

import functools
import http.server
import re
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import html

from docs.site.build import build
from tests.docs.examples import pages
from tests.processes import ROOT

HERE = "http://site"
# What a browser loads by itself, and where it goes by a click.
REFERENCES = "//@src | //@href | //@srcset"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def documents(site: Path) -> dict[str, Any]:
    """Each page by its path on the server."""
    root = site / "html"
    return {
        "/" + str(file.relative_to(root)).removesuffix("index.html"): html.parse(file).getroot()
        for file in root.rglob("*.html")
        if file.name != "404.html"
    }


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site / "html")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_page_of_the_docs_is_in_the_navigation(site: Path) -> None:
    navigation = str(tomllib.loads((site / "zensical.toml").read_text())["project"]["nav"])
    wanted = [page.relative_to(ROOT) for page in pages() if page.is_relative_to(ROOT / "docs")]
    assert len(wanted) > 70
    assert [page for page in wanted if f"'{page}'" not in navigation] == []


def test_no_link_of_the_site_is_dead(documents: dict[str, Any], site: Path) -> None:
    dead = []
    for path, document in documents.items():
        for reference in document.xpath(REFERENCES):
            parts = urlsplit(urljoin(HERE + path, reference))
            if f"{parts.scheme}://{parts.netloc}" != HERE:
                continue
            target = documents.get(parts.path)
            is_there = target is not None or (site / "html" / unquote(parts.path).lstrip("/")).is_file()
            names = target.xpath("//@id") if target is not None and parts.fragment else [parts.fragment]
            if not is_there or unquote(parts.fragment) not in names:
                dead.append((path, reference))
    assert len(documents) > 80
    assert dead == []


def test_the_reference_has_every_operation_of_the_api(documents: dict[str, Any]) -> None:
    text = documents["/docs/reference/"].text_content()
    assert len(re.findall(r"(?:GET|POST|PUT|PATCH|DELETE) /api/", text)) > 100
    assert "POST /api/tasks/" in text
    assert "due_date" in text


def test_a_reader_finds_a_page_by_search_and_loads_nothing_from_other_servers(address: str, chromium: Any) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("combobox", name="Search").fill("quiet hours")
    page.get_by_role("option", name="What each person decides").click()
    page.wait_for_url(f"{address}/docs/mail/**")
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    page.close()
