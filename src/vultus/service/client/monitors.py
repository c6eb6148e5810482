"""Monitors of a service: cameras and streams that it watches, and who is seen as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vultus.service.monitors.shapes import MonitorAnswer, MonitorEvent, MonitorEventPage, MonitorPage, MonitorShape
from vultus.service.schema import DeletedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vultus.service.client.transport import Transport


class MonitorVerbs:
    """What `Client` can do with monitors."""

    transport: Transport

    def add_monitor(
        self, name: str, source: str | int, *, collection_id: str = "default", **settings: Any
    ) -> MonitorAnswer:
        """Watch a source from now on.

        Args:
            name: for people.
            source: number of a camera, rtsp:// address, or a film below the service's folder for jobs.
            collection_id: who is looked for.
            settings: fps, fpir, confirm_frames, absence_s, cooldown_s, keep_unknown.
        """
        body = {"name": name, "source": str(source), "collection_id": collection_id, **settings}
        return self.transport.ask(MonitorAnswer, "POST", "/v1/monitors", json=body)

    def monitors(self) -> Iterator[MonitorShape]:
        """Every monitor, the oldest first."""
        return self.transport.pages(MonitorPage, "/v1/monitors")

    def monitor(self, monitor_id: str) -> MonitorAnswer:
        """One monitor as it stands."""
        return self.transport.ask(MonitorAnswer, "GET", _path(monitor_id))

    def start_monitor(self, monitor_id: str) -> MonitorAnswer:
        """Let it run, now and after a restart of the service."""
        return self.transport.ask(MonitorAnswer, "POST", f"{_path(monitor_id)}/start")

    def stop_monitor(self, monitor_id: str) -> MonitorAnswer:
        """Let it rest."""
        return self.transport.ask(MonitorAnswer, "POST", f"{_path(monitor_id)}/stop")

    def delete_monitor(self, monitor_id: str) -> DeletedAnswer:
        """Stop it, and delete it with all it has told."""
        return self.transport.ask(DeletedAnswer, "DELETE", _path(monitor_id))

    def follow_monitor(self, monitor_id: str, after: int | None = None) -> Iterator[MonitorEvent]:
        """Events as they happen, until the monitor is stopped; none is lost when the connection is.

        Args:
            monitor_id: of it.
            after: go on behind this event; 0 for all that are kept, None for those from now on.
        """
        for event in self.transport.events(f"{_path(monitor_id)}/events", after):
            yield self.transport.read(MonitorEvent, event.data)

    def monitor_events(self, monitor_id: str) -> Iterator[MonitorEvent]:
        """Events that were told, the newest first."""
        return self.transport.pages(MonitorEventPage, f"{_path(monitor_id)}/events")


def _path(monitor_id: str) -> str:
    return f"/v1/monitors/{quote(monitor_id, safe='')}"
