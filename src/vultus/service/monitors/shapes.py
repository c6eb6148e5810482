"""The shapes of requests and answers about monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from vultus.service.jobs.shapes import name_of, named
from vultus.service.schema import Answer, CandidateShape, CollectionId, DecisionShape, Fields, Page, Rate

if TYPE_CHECKING:
    from vultus.gallery.collection import Gallery
    from vultus.service.monitors.store import Monitor, Told
    from vultus.service.monitors.watcher import Condition

State = Literal["stopped", "starting", "running", "lost", "failed"]


class MonitorSettings(Fields):
    """How a monitor works."""

    fps: float = Field(default=2.0, ge=0.1, le=30, description="looks for faces per second")
    fpir: Rate | None = None
    confirm_frames: int = Field(default=3, ge=1, le=100, description="sights before somebody is told")
    absence_s: float = Field(default=5.0, ge=0.5, le=86_400, description="not seen for so long: has left")
    cooldown_s: float = Field(default=30.0, ge=0, le=86_400, description="who comes back within it is not told again")
    keep_unknown: bool = Field(default=False, description="keep a face of each stranger in the collection")


class MonitorFields(MonitorSettings):
    """A new monitor."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "name": "front door", "source": "rtsp://viewer:secret@camera.local/stream", "fps": 2,
    }})  # fmt: skip
    name: Annotated[str, Field(min_length=1, max_length=100)]
    collection_id: CollectionId = "default"
    source: Annotated[str, Field(min_length=1, max_length=1000, description="camera number, rtsp://, or a film")]


class MonitorShape(BaseModel):
    """A monitor as it stands."""

    monitor_id: str
    name: str
    collection_id: str
    source: str = Field(description="without its password")
    state: State
    message: str = Field(description="why it is lost or failed")
    fps: float
    fpir: float
    confirm_frames: int
    absence_s: float
    cooldown_s: float
    keep_unknown: bool
    frames: int = Field(description="looked at since it was started")
    last_frame_at: str | None
    last_event_id: int
    created_at: str


class MonitorAnswer(Answer, MonitorShape):
    """One monitor."""


class MonitorPage(Page):
    """Monitors, the oldest first."""

    items: list[MonitorShape]


class MonitorEvent(BaseModel):
    """Somebody was seen, or left, or the state has changed."""

    event_id: int
    at: str
    monitor_id: str
    type: Literal["seen", "left", "unknown", "state"]
    track: int | None = None
    name: str | None = None
    person_id: int | None = None
    decision: DecisionShape | None = None
    candidates: list[CandidateShape] = Field(default_factory=list)
    box: list[float] | None = None
    quality: float | None = None
    face_id: int | None = Field(None, description="of a stranger whose face was kept")
    stayed_s: float | None = Field(None, description="from the first to the last sight; of left")
    state: State | None = None
    message: str | None = None


class MonitorEventPage(Page):
    """Events, the newest first."""

    items: list[MonitorEvent]


def monitor(found: Monitor, now: Condition, last_event_id: int, fpir: float) -> dict[str, Any]:
    """A monitor as JSON values.

    Args:
        found: as it was set up.
        now: how it is.
        last_event_id: of it.
        fpir: of the service, where the monitor has none.
    """
    settings = dict(found.settings)
    return {
        "monitor_id": found.monitor_id, "name": found.name, "collection_id": found.collection_id,
        "source": found.shown, "state": now.state, "message": now.message, **settings,
        "fpir": settings["fpir"] or fpir, "frames": now.frames, "last_frame_at": now.last_frame_at,
        "last_event_id": last_event_id, "created_at": found.created_at,
    }  # fmt: skip


def event(told: Told, gallery: Gallery | None) -> dict[str, Any]:
    """An event as JSON values, with the names that people have now; whoever was removed has none."""
    body = dict(told.body)
    if told.type != "state":
        body = {"candidates": [], "person_id": None, "name": None, "decision": None, **body}
        if gallery is None:
            body["candidates"] = []
        elif body["candidates"]:
            body = named(body, gallery)
        else:
            body["name"] = name_of(gallery, body["person_id"])
    return {"event_id": told.event_id, "at": told.at, "monitor_id": told.monitor_id, "type": told.type, **body}
