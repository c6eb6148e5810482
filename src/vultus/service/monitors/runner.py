"""The monitors of a service: started, stopped, and started again with the service."""

from __future__ import annotations

import logging
import secrets
import threading
from typing import TYPE_CHECKING, Any

from vultus.errors import VultusError
from vultus.service.envelope import ServiceError
from vultus.service.monitors.address import Address, Seal, address_of
from vultus.service.monitors.store import MonitorStore
from vultus.service.monitors.watcher import Condition, Terms, Watcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vultus.service.monitors.store import Monitor
    from vultus.service.state import Service
    from vultus.service.workbook import Workbook

_log = logging.getLogger("vultus.service")


class MonitorRunner:
    """Runs the monitors of a service.

    Args:
        service: its galleries, engine and settings.
        book: where the monitors are written down.

    Attributes:
        store: the monitors and their events.
    """

    def __init__(self, service: Service, book: Workbook) -> None:
        self._service = service
        self.store = MonitorStore(book)
        self._seal = Seal(service.secret)
        self._lock = threading.RLock()
        self._watchers: dict[str, Watcher] = {}
        self._last: dict[str, int] = {}

    def start(self) -> None:
        """Start those that are to run."""
        self.sweep()
        for monitor in self.store.all():
            if monitor.wanted:
                try:
                    self._begin(monitor)
                except ServiceError as error:
                    _log.warning("monitor %s: %s", monitor.monitor_id, error)

    def stop(self) -> None:
        """Stop all; they run again after the next start."""
        with self._lock:
            watchers = list(self._watchers.values())
        for watcher in watchers:
            watcher.ask_to_stop()
        for watcher in watchers:
            watcher.stop()

    def add(self, name: str, collection_id: str, source: str, settings: Mapping[str, Any], *, caller: str) -> Monitor:
        """A new monitor, which begins at once.

        Raises:
            ServiceError: the source cannot be used, or as many run already.
            LockedError: there is no key to seal its address with.
        """
        address = address_of(source, self._service.settings)
        with self._lock:
            self._check_room()
            monitor_id = secrets.token_hex(8)
            sealed = self._seal.seal(monitor_id, address.text)
            monitor = self.store.add(monitor_id, name, collection_id, address.shown, sealed, settings, caller)
            self._begin(monitor)
        return monitor

    def begin(self, monitor_id: str) -> None:
        """Let a monitor run, now and after the next start.

        Raises:
            ServiceError: there is none of that id, or as many run already.
        """
        with self._lock:
            monitor = self.store.get(monitor_id)
            if not self.running(monitor_id):
                self._begin(monitor)
            self.store.want(monitor_id, wanted=True)

    def end(self, monitor_id: str) -> None:
        """Let a monitor rest, now and after the next start."""
        self.store.want(monitor_id, wanted=False)
        with self._lock:
            watcher = self._watchers.get(monitor_id)
        if watcher is not None:
            watcher.stop()

    def delete(self, monitor_id: str) -> None:
        """Remove a monitor with all it has told."""
        self.end(monitor_id)
        self.store.delete(monitor_id)
        with self._lock:
            self._watchers.pop(monitor_id, None)
            self._last.pop(monitor_id, None)

    def running(self, monitor_id: str) -> bool:
        """Whether it is at work."""
        watcher = self._watchers.get(monitor_id)
        return watcher is not None and watcher.alive

    def condition(self, monitor_id: str) -> Condition:
        """How it is."""
        watcher = self._watchers.get(monitor_id)
        return Condition() if watcher is None else watcher.condition

    def states(self) -> dict[str, int]:
        """How many monitors are starting, running, lost or failed."""
        found = dict.fromkeys(("starting", "running", "lost", "failed"), 0)
        for watcher in list(self._watchers.values()):
            if watcher.condition.state in found:
                found[watcher.condition.state] += 1
        return found

    def last(self, monitor_id: str) -> int:
        """Number of its newest event, without a look at the disk."""
        if monitor_id not in self._last:
            self._last[monitor_id] = self.store.last(monitor_id)
        return self._last[monitor_id]

    def sweep(self) -> None:
        """Delete events that were kept for long enough, and monitors of collections that are gone."""
        service = self._service
        for monitor_id in self.store.sweep(service.settings.event_keep_days, service.galleries.ids()):
            with self._lock:
                watcher = self._watchers.pop(monitor_id, None)
            if watcher is not None:
                watcher.ask_to_stop()

    def _begin(self, monitor: Monitor) -> None:
        """Caller holds the lock, or nobody else is there yet."""
        self._check_room()
        service, number = self._service, monitor.monitor_id
        terms = Terms(
            gallery=lambda: service.galleries.open(monitor.collection_id),
            address=lambda: self._address(monitor),
            tell=lambda kind, body: self._tell(number, kind, body),
            over=lambda: self.store.want(number, wanted=False),
            fpir=monitor.settings["fpir"] or service.settings.fpir,
            max_pixels=service.settings.max_pixels, raw=service.settings.decode == "none",
        )  # fmt: skip
        watcher = self._watchers[number] = Watcher(monitor, terms)
        watcher.start()

    def _address(self, monitor: Monitor) -> Address:
        """The source again; a file is looked for anew, in case it has become a way out of the root."""
        return address_of(self._seal.open(monitor.monitor_id, monitor.sealed), self._service.settings)

    def _check_room(self) -> None:
        most = self._service.settings.monitors
        if sum(watcher.alive for watcher in self._watchers.values()) >= most:
            raise ServiceError("conflict", f"{most} monitors run already; stop one first")

    def _tell(self, monitor_id: str, kind: str, body: Mapping[str, Any]) -> None:
        try:
            event_id = self.store.tell(monitor_id, kind, body)
        except VultusError as error:  # a full disk must not end the watching
            _log.warning("monitor %s cannot write down what it has seen: %s", monitor_id, error)
        else:
            self._last[monitor_id] = max(event_id, self._last.get(monitor_id, 0))
