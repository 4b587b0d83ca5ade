"""What all processes have measured, as metrics of Prometheus."""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from taskbell.common.measures import COUNTERS, GAUGES, HISTOGRAMS
from taskbell.common.metrics import NO_BOUND, SUM, Counter, Histogram, values_of
from taskbell.common.reporting import PARTS, Measured


def families(measured: Measured) -> Iterator[Any]:
    """A family for each metric, also before anything was counted."""
    for counter in COUNTERS:
        yield _counter(counter, measured)
    for histogram in HISTOGRAMS:
        yield _histogram(histogram, measured)
    for gauge in GAUGES:
        yield GaugeMetricFamily(gauge.name, gauge.sentence, measured.gauges.get(gauge.name, 0))
    processes = GaugeMetricFamily("taskbell_processes", "Processes that have reported just now.", labels=["part"])
    alive = Tally(measured.alive)
    for part in PARTS:
        processes.add_metric([part], alive[part])
    yield processes


def _counter(counter: Counter, measured: Measured) -> CounterMetricFamily:
    family = CounterMetricFamily(counter.name, counter.sentence, labels=counter.labels)
    found = values_of(counter, measured.totals)
    if not counter.labels:
        found.setdefault((), 0.0)
    for labels, value in found.items():
        family.add_metric(labels, value)
    return family


def _histogram(histogram: Histogram, measured: Measured) -> HistogramMetricFamily:
    family = HistogramMetricFamily(histogram.name, histogram.sentence, labels=histogram.labels)
    found: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    if not histogram.labels:
        found[()] = {}
    for (*labels, part), value in values_of(histogram, measured.totals).items():
        found[tuple(labels)][part] = value
    for of_labels, counts in found.items():
        buckets, so_far = [], 0.0
        for bound in (*map(str, histogram.bounds), NO_BOUND):
            so_far += counts.get(bound, 0.0)
            buckets.append((bound, so_far))
        family.add_metric(of_labels, buckets, counts.get(SUM, 0.0))
    return family
