"""The annotated video."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unit.cli.fake import ADA, FakeEngine, picture
from vultus.cli.film import Film
from vultus.inference.capture import describe
from vultus.inference.track import Sighting, Tracker
from vultus.inference.video import Frame
from vultus.types import Box


def test_boxes_go_on_between_looks(tmp_path: Path) -> None:
    image = picture(ADA)
    (face,) = FakeEngine().find(image)
    with Film(tmp_path / "deep/out.avi", 10.0, Tracker(), None, 0.01) as film:
        film.add(Frame(0, 0.0, image), [Sighting(1, face.box, face)])
        film.add(Frame(1, 0.1, image), [Sighting(1, Box(face.box.xyxy + 3), None), Sighting(2, face.box, None)])
        film.add(Frame(2, 0.2, image), [])
    assert describe(tmp_path / "deep/out.avi").n_frames == 3


def test_faces_of_tracks_that_are_over_are_forgotten(tmp_path: Path) -> None:
    image = picture(ADA)
    (face,) = FakeEngine().find(image)
    with Film(tmp_path / "out.avi", 10.0, Tracker(), None, 0.01) as film:
        for at in range(300):
            film.add(Frame(at, at / 10, np.array(image)), [Sighting(at, face.box, face)])
        assert len(film._faces) <= 257
        assert len(film._names) <= 257
