"""The dashboard and the alert rules name metrics that a running Taskbell has, in queries that Prometheus can read."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from taskbell.api import present_state
from taskbell.common import measures
from taskbell.common.clock import utc_now
from taskbell.notifications.jobs import TICKED_AT
from tests.conftest import Program
from tests.processes import ROOT

FOLDER = ROOT / "deploy" / "observability"
DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text())
ALERTS = [
    rule
    for group in yaml.safe_load((FOLDER / "prometheus-alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]] + [
    rule["expr"] for rule in ALERTS
]
ON_POSTGRESQL: dict[str, set[str]] = {
    "taskbell_database_connections": {"state"},
    "taskbell_database_connections_max": set(),
}


def selectors(query: str) -> Iterator[Any]:
    """The metrics in a query, with the labels that it asks for."""
    found: list[Any] = []

    def visit(each: Any) -> bool:
        each = each.vector_selector if isinstance(each, promql_parser.MatrixSelector) else each
        if isinstance(each, promql_parser.VectorSelector):
            found.append(each)
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return iter(found)


@pytest.fixture(autouse=True)
def _clock_has_ticked_and_backups_are_on(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.TASKBELL_BACKUP_DIR = tmp_path
    monkeypatch.setattr(present_state, "cache", {TICKED_AT: utc_now().timestamp()})


def answer() -> dict[str, set[str]]:
    """The labels of each metric in a real answer, after everything has been counted once."""
    for counter in measures.COUNTERS:
        counter.add(*("x" for _ in counter.labels))
    for histogram in measures.HISTOGRAMS:
        histogram.observe(0.1, *("x" for _ in histogram.labels))
    text = Program().http.get("/metrics").content.decode()
    return {
        sample.name: set(sample.labels) for family in text_string_to_metric_families(text) for sample in family.samples
    }


def test_every_query_can_be_parsed_and_has_a_metric() -> None:
    for query in QUERIES:
        assert list(selectors(query)), query


def test_every_metric_and_label_in_a_query_is_in_a_real_answer(db: None) -> None:
    known = answer()
    if connection.vendor != "postgresql":
        known |= ON_POSTGRESQL
    for query in QUERIES:
        for selector in selectors(query):
            assert selector.name in known, query
            assert {matcher.name for matcher in selector.matchers.matchers} <= known[selector.name], query
        for group in re.findall(r"by \(([^)]*)\)", query):
            labels = {label.strip() for label in group.split(",")}
            assert labels <= set().union(*(known[selector.name] for selector in selectors(query))), query


def test_every_metric_of_an_answer_is_explained(db: None) -> None:
    page = (ROOT / "docs" / "observability.md").read_text()
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in answer()}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_every_alert_says_how_bad_it_is_and_what_to_do_and_is_on_the_page() -> None:
    page = (ROOT / "docs" / "observability.md").read_text()
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert f"`{rule['alert']}`" in page


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        is_beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        is_below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert is_beside or is_below, (one, other)
