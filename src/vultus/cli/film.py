"""The annotated video that `vultus watch --annotate` writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from vultus.cli.pictures import name_marks

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from vultus.cli.pictures import Mark
    from vultus.gallery.collection import Gallery
    from vultus.inference.track import Sighting, Tracker
    from vultus.inference.video import Frame
    from vultus.types import Face

_ASK_EVERY = 5


class Film:
    """Draws who is in each frame, as far as it is known at that moment, into a new video.

    Args:
        target: the video to write; it appears when it is complete, also after Ctrl-C.
        fps: its frames per second.
        tracker: the tracks so far.
        known: names them; None leaves numbers.
        fpir: accepted false positive identification rate.
    """

    def __init__(self, target: Path, fps: float, tracker: Tracker, known: Gallery | None, fpir: float) -> None:
        from vultus.inference.record import VideoWriter

        target.parent.mkdir(parents=True, exist_ok=True)
        self._writer = VideoWriter(target, fps=fps)
        self._tracker, self._known, self._fpir = tracker, known, fpir
        self._faces: dict[int, Face] = {}
        self._names: dict[int, tuple[int, str, str]] = {}
        self._size: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)

    def add(self, frame: Frame, sightings: list[Sighting]) -> None:
        """Draw one frame."""
        from vultus.inference.annotate import draw

        marks: list[Mark] = []
        for sighting in sightings:
            if sighting.face is not None:
                self._faces[sighting.track_id] = sighting.face
            face = self._faces.get(sighting.track_id)
            if face is not None:
                marks.append((replace(face, box=sighting.box), *self._label(sighting)))
        self._forget({sighting.track_id for sighting in sightings})
        self._writer.write(draw(frame.image, marks))

    def _label(self, sighting: Sighting) -> tuple[str, str]:
        """Name and kind of a track, asked for anew with every few sightings, when its vote has grown."""
        number = sighting.track_id
        looks, label, kind = self._names.get(number, (0, f"person {number}", "plain"))
        if sighting.face is not None and self._known is not None:
            if looks % _ASK_EVERY == 0:
                track = self._tracker.current(number)
                answer = None if track is None else self._known.identify_track(track, self._fpir).identification
                if answer is not None:
                    _, label, kind = name_marks([answer])[0]
            looks += 1
        self._names[number] = (looks, label, kind)
        return label, kind

    def _forget(self, present: set[int]) -> None:
        """Keep memory bounded: faces are kept for the frames between two looks only."""
        if len(self._faces) > 256:
            self._faces = {number: face for number, face in self._faces.items() if number in present}
            self._names = {number: name for number, name in self._names.items() if number in present}
