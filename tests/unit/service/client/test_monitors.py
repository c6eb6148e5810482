"""Monitors against a real service, over HTTP, with films in place of cameras."""

from __future__ import annotations

from unit.gallery.fake import person, photos
from unit.service.cinema import Cinema, frame
from vultus.service.client import Client


def test_who_comes_is_told_as_it_happens(remote: Client, cinema: Cinema) -> None:
    remote.collection().enrol("Ada", photos("Ada"))
    cinema.films = [[frame(n, person("Ada", seed=n)) for n in range(6)]]
    cinema.gate.clear()
    monitor = remote.add_monitor("door", 0, confirm_frames=2)
    assert (monitor.source, monitor.fps) == ("camera 0", 2.0)
    number = monitor.monitor_id
    cinema.gate.set()
    events = remote.follow_monitor(number, after=0)
    seen = next(event for event in events if event.type == "seen")
    assert (seen.name, seen.decision is not None and seen.decision.matched) == ("Ada", True)
    assert remote.stop_monitor(number).state == "stopped"
    rest = list(events)
    assert rest[-1].state == "stopped"
    told = list(remote.monitor_events(number))
    assert [event.event_id for event in told[:2]] == [rest[-1].event_id, rest[-1].event_id - 1]
    assert [one.name for one in remote.monitors()] == ["door"]
    cinema.gate.clear()
    assert remote.start_monitor(number).state == "starting"
    assert remote.monitor(number).state == "starting"
    assert remote.delete_monitor(number).deleted
    assert list(remote.monitors()) == []
