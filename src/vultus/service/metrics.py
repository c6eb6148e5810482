"""What the service counts about itself, for Prometheus: requests, times, the engine's queue, sizes of collections.

No label names a person, a key or a picture: a route is its template, and collections have ids that admins chose.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

from vultus.errors import VultusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from vultus.service.state import Service

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counters of one service.

    Args:
        service: whose engine and collections are looked at when somebody asks.
    """

    def __init__(self, service: Service) -> None:
        self._service, self._registry = service, CollectorRegistry()
        self._requests = Counter(
            "vultus_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "vultus_request_seconds", "From the first byte of a request to the first of its answer.", ("route",),
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._registry.register(self)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request more.

        Args:
            method: e.g. "POST".
            route: template of the address, never the address itself.
            status: of the answer.
            seconds: that it took.
        """
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing: what `collect` gives is not known before the service runs."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The engine and the collections as they are now."""
        service = self._service
        load = service.engine.load
        yield InfoMetricFamily("vultus_engine", "What embeds.", {"contract": service.engine.contract})
        yield GaugeMetricFamily("vultus_up_seconds", "Since the start.", time.monotonic() - service.started)
        yield GaugeMetricFamily("vultus_queue_pictures", "Waiting for the engine.", load.waiting)
        for name, about, value in (
            ("pictures", "Pictures the engine has looked at.", load.pictures),
            ("batches", "Batches they came in.", load.batches),
            ("engine_seconds", "Seconds its workers spent on them.", load.seconds),
            ("refused_pictures", "Pictures that found the queue full.", load.refused),
            ("dropped_pictures", "Pictures whose request had ended.", load.dropped),
            ("engine_starts", "Processes of the engine that were started.", service.engine.starts),
        ):
            yield CounterMetricFamily(f"vultus_{name}", about, value)
        yield from self._sizes()
        yield from self._background()

    def _background(self) -> Iterator[Metric]:
        for name, about in (("jobs", "Jobs that wait or run."), ("monitors", "Monitors at work, by how they are.")):
            family = GaugeMetricFamily(f"vultus_{name}", about, labels=["state"])
            runner = self._service.parts.get(name)
            for state, count in sorted(runner.states().items()) if runner is not None else ():
                family.add_metric([state], count)
            yield family

    def _sizes(self) -> Iterator[Metric]:
        people = GaugeMetricFamily("vultus_people", "Enrolled people.", labels=["collection"])
        faces = GaugeMetricFamily("vultus_faces", "Their faces.", labels=["collection"])
        unknown = GaugeMetricFamily("vultus_unknown_faces", "Faces nobody has named.", labels=["collection"])
        for collection_id in self._service.galleries.ids():
            try:
                size = self._service.galleries.open(collection_id).size()
            except VultusError:  # locked, say: the others can be counted
                continue
            for family, count in ((people, size.people), (faces, size.faces), (unknown, size.unknown)):
                family.add_metric([collection_id], count)
        yield from (people, faces, unknown)
