from __future__ import annotations

import pytest
from pydantic import ValidationError

from vultus.service.monitors import shapes
from vultus.service.monitors.shapes import MonitorEvent, MonitorFields, MonitorShape
from vultus.service.monitors.store import Monitor, Told
from vultus.service.monitors.watcher import Condition


def test_a_monitor_has_the_rate_of_the_service_unless_it_has_its_own() -> None:
    settings = MonitorFields(name="a", source="0").model_dump(exclude={"name", "source", "collection_id"})
    monitor = Monitor(1, "m", "door", "default", "camera 0", b"x", settings, True, "k", "now")
    shown = shapes.monitor(monitor, Condition("lost", "silent", 7, "then"), 9, 0.01)
    assert MonitorShape.model_validate(shown).fpir == 0.01
    assert (shown["state"], shown["message"], shown["frames"], shown["last_event_id"]) == ("lost", "silent", 7, 9)
    assert "sealed" not in shown


def test_events_without_a_collection_have_no_names() -> None:
    body = {"track": 1, "person_id": 3, "candidates": [{"person_id": 3, "name": "", "similarity": 1, "face_id": None}]}
    shown = shapes.event(Told(1, "m", "seen", "now", body), None)
    assert (shown["name"], shown["candidates"]) == (None, [])
    MonitorEvent.model_validate(shown)
    state = shapes.event(Told(2, "m", "state", "now", {"state": "lost", "message": "x"}), None)
    assert state == {"event_id": 2, "at": "now", "monitor_id": "m", "type": "state", "state": "lost", "message": "x"}


@pytest.mark.parametrize(
    "bad", [{"fps": 0}, {"confirm_frames": 0}, {"absence_s": 0}, {"cooldown_s": -1}, {"name": ""}, {"x": 1}]
)
def test_what_makes_no_sense_is_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        MonitorFields.model_validate({"name": "a", "source": "0", **bad})
