"""One monitor at work: a thread that looks at a source, and comes back to it when it was lost.

One frame is in flight at a time, so a monitor takes at most one place in the engine's queue; frames that come
meanwhile are passed over.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vultus.errors import VideoError
from vultus.gallery.audit import Signature, signed
from vultus.gallery.photo import Photo
from vultus.inference.looks import Looks
from vultus.inference.track import Tracker, TrackRules, follow
from vultus.service import footage, shapes
from vultus.service.database import now
from vultus.service.envelope import of
from vultus.service.jobs.shapes import unnamed
from vultus.service.jobs.video import around
from vultus.service.monitors.presence import Presence, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vultus.gallery.collection import Gallery
    from vultus.inference.track import Sighting
    from vultus.inference.video import Frame
    from vultus.service.monitors.address import Address
    from vultus.service.monitors.shapes import State
    from vultus.service.monitors.store import Monitor
    from vultus.types import Face, Track

FIRST_S, LONGEST_S, FACTOR = 1.0, 60.0, 2.0  # pauses before a lost source is opened again
_TICK_S = 1.0
_CANDIDATES = 3
_log = logging.getLogger("vultus.service")


class _Stopped(Exception):  # noqa: N818  no error: somebody wants it so
    """The monitor is to stop here."""


@dataclass(slots=True)
class Condition:
    """How a monitor is.

    Attributes:
        state: see the API.
        message: why it is lost or failed.
        frames: looked at since it was started.
        last_frame_at: ISO 8601, UTC.
    """

    state: State = "stopped"
    message: str = ""
    frames: int = 0
    last_frame_at: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a watcher works with.

    Attributes:
        gallery: opens the collection; may raise.
        address: unseals the source; may raise.
        tell: writes an event down: type and JSON values.
        over: called once when the source has come to its end for good.
        fpir: accepted false positive identification rate.
        max_pixels: of a frame.
        raw: frames are made up; see `around`.
    """

    gallery: Callable[[], Gallery]
    address: Callable[[], Address]
    tell: Callable[[str, Mapping[str, Any]], None]
    over: Callable[[], None]
    fpir: float
    max_pixels: int
    raw: bool = False


class Watcher:
    """Watches until it is stopped.

    Args:
        monitor: what is set up.
        terms: what it works with.

    Attributes:
        condition: how it is; read by others.
    """

    def __init__(self, monitor: Monitor, terms: Terms) -> None:
        self._monitor, self._terms = monitor, terms
        self.condition = Condition()
        settings = monitor.settings
        self._fps, self._keep = float(settings["fps"]), bool(settings["keep_unknown"])
        rules = Rules(settings["confirm_frames"], settings["absence_s"], settings["cooldown_s"])
        self._confirm, self._presence = rules.confirm_frames, Presence(rules)
        self._stop = threading.Event()
        self._base = self._highest = 0  # tracks are numbered on when a source is opened again
        self._thread = threading.Thread(target=self._run, name=f"vultus-monitor-{monitor.number}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._say("starting")
        self._thread.start()

    def stop(self, timeout_s: float = 8.0) -> None:
        """End, and wait for it; a frame in the engine is waited for."""
        self.ask_to_stop()
        self._thread.join(timeout_s)

    def ask_to_stop(self) -> None:
        """End soon."""
        self._stop.set()

    @property
    def alive(self) -> bool:
        """Whether it is at work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        with signed(Signature(f"monitor:{self._monitor.monitor_id}", f"monitor {self._monitor.monitor_id}")):
            try:
                self._watch()
            except _Stopped:
                self._say("stopped")
            except Exception as error:  # whatever happens to a monitor is told, and not by its thread's end
                told = of(error)
                if told.code == "draining" or self._stop.is_set():
                    self._say("stopped")
                else:
                    self._say("failed", told.message)

    def _watch(self) -> None:
        attempt = 0
        gallery, address = self._terms.gallery(), self._terms.address()
        while True:
            before = self.condition.frames
            try:
                self._look(gallery, address)
                why = "the source has ended"
            except VideoError as error:
                why = error.reason
                if address.kind == "file":
                    self._say("failed", why)
                    return
            if address.kind == "file":
                self._tell_all(self._presence.pass_time(float("inf")), None)
                self._terms.over()
                self._say("stopped", "the film is over")
                return
            attempt = 0 if self.condition.frames > before else attempt + 1
            self._say("lost", why)
            self._rest(min(FIRST_S * FACTOR**attempt, LONGEST_S))

    def _look(self, gallery: Gallery, address: Address) -> None:
        """Once through the source: to its end, or to where it breaks."""
        calibration = gallery.engine.calibration
        tracker = Tracker(TrackRules(min_sightings=self._confirm), Looks.of(calibration))
        self._base = self._highest
        live = address.kind != "file"

        def find(images: list[NDArray[Any]]) -> Sequence[Sequence[Face]]:
            found = gallery.engine.find_each([image.view(Photo) for image in images], batch=1)
            return [faces if isinstance(faces, list) else [] for _, faces in found]

        def note(frame: Frame, sightings: list[Sighting]) -> None:
            time_s = time.monotonic() if live else frame.time_s
            for sighting in sightings:
                track = self._base + sighting.track_id
                self._highest = max(self._highest, track)
                changes = self._presence.see(track, time_s, lambda one=sighting: self._who(gallery, tracker, one))  # type: ignore[misc]
                self._tell_all(changes, gallery, frame, sighting)
            self._tell_all(self._presence.pass_time(time_s), gallery)

        reel = footage.Reel(address.target, self._fps, max_pixels=self._terms.max_pixels)
        with footage.projected(reel, self._halt) as source:
            for _ in follow(self._counted(source.frames()), find, tracker=tracker, on_frame=note):
                pass  # tracks that have ended were told as they went

    def _counted(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            self._halt()
            if self.condition.state != "running":
                self._say("running")
            self.condition.frames += 1
            self.condition.last_frame_at = now()
            yield frame

    def _who(self, gallery: Gallery, tracker: Tracker, sighting: Sighting) -> dict[str, Any]:
        """Who a track is by the vote of its faces so far; without names."""
        body: dict[str, Any] = {"person_id": None, "candidates": [], "name": None, "decision": None}
        track: Track | None = tracker.current(sighting.track_id)
        if track is not None:
            found = gallery.identify_track(track, self._terms.fpir, _CANDIDATES).identification
            if found is not None:
                body = unnamed(shapes.who(found, gallery))
        body["box"] = [round(float(edge), 2) for edge in sighting.box.xyxy]
        body["quality"] = None if sighting.face is None else round(sighting.face.quality.score, 5)
        return body

    def _tell_all(
        self, changes: Sequence[Any], gallery: Gallery | None, frame: Frame | None = None,
        sighting: Sighting | None = None,
    ) -> None:  # fmt: skip
        for change in changes:
            body = {**change.body, "track": change.track, "person_id": change.person_id}
            if change.stayed_s is not None:
                body["stayed_s"] = round(change.stayed_s, 1)
            if change.type == "unknown" and self._keep and gallery is not None and frame is not None and sighting:
                body["face_id"] = self._kept(gallery, frame, sighting)
            self._terms.tell(change.type, body)

    def _kept(self, gallery: Gallery, frame: Frame, sighting: Sighting) -> int | None:
        """Keep the face of a stranger; its number, None where the quality gate refuses it."""
        photo = around(frame.image, sighting.box, f"{self._monitor.name}, {now()}", raw=self._terms.raw)
        for kept in gallery.unknown.add(iter([photo]), fpir=self._terms.fpir, batch=1):
            return next(iter(kept.face_ids), None)
        return None

    def _say(self, state: State, message: str = "") -> None:
        if (state, message) != (self.condition.state, self.condition.message):
            self.condition.state, self.condition.message = state, message
            self._terms.tell("state", {"state": state, "message": message})

    def _rest(self, seconds: float) -> None:
        """Wait, while those who were there leave."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._stop.wait(min(left, _TICK_S))
            self._halt()
            self._tell_all(self._presence.pass_time(time.monotonic()), None)

    def _halt(self) -> None:
        if self._stop.is_set():
            raise _Stopped
