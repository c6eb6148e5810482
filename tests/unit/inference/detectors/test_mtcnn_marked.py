"""The cascade on photographs in which people marked the faces by hand, and its runs against one crop at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unit.inference.portraits import FACE_XYXY, POINTS, portrait
from vultus.evaluation.detections import measure_detections, read_marked
from vultus.evaluation.pairs import read_table
from vultus.inference.detectors.mtcnn import Finisher, Mtcnn, MtcnnOptions
from vultus.inference.image import read
from vultus.inference.session import open_session, pixels_together
from vultus.weights.store import resolve
from vultus.weights.table import load_pack

EYES = ((36, 42), (42, 48))  # of 68 points: the subject's right eye, then the left one


@pytest.fixture(scope="module")
def sessions() -> list[Any]:
    files = resolve(load_pack("dlib"))
    return [open_session(files[f"{name}.onnx"], threads=1) for name in ("pnet", "rnet", "onet")]


def _detector(sessions: list[Any], **options: Any) -> Mtcnn:
    return Mtcnn(sessions[0], sessions[1], Finisher(sessions[2]), MtcnnOptions(**options))


@pytest.mark.shared
def test_marked_faces_are_found_and_hardly_anything_else(sessions: list[Any], shared: Path) -> None:
    detector = _detector(sessions)

    def find(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        (faces,) = detector.detect([read(path)])
        return faces.boxes, faces.scores

    pictures = read_marked(shared / "data" / "detection_small")
    result = measure_detections(find, pictures, iou=0.4)
    assert result.scores.n_truth == 43
    assert result.scores.recall >= 0.97, result.faults
    assert result.scores.precision >= 0.95, result.faults
    assert result.scores.average_precision >= 0.97


@pytest.mark.shared
def test_landmarks_are_near_those_set_by_hand(sessions: list[Any], shared: Path) -> None:
    """Mean distance over the distance of the eyes; the five points are taken from the 68."""
    folder = shared / "data" / "detection_small"
    rows = read_table(folder / "landmarks68.csv", ("image", "face"))
    detector = _detector(sessions)
    found = {name: detector.detect([read(folder / "images" / name)])[0] for name in {row["image"] for row in rows}}
    errors = []
    for row in rows:
        points = np.array([[float(row[f"{axis}{index}"]) for axis in "xy"] for index in range(68)])
        eyes = [points[start:stop].mean(axis=0) for start, stop in EYES]
        five = np.array([*eyes, points[30], points[48], points[54]])
        apart = np.linalg.norm(found[row["image"]].landmarks - five, axis=2).mean(axis=1)
        errors.append(apart.min() / np.linalg.norm(eyes[0] - eyes[1]))
    assert len(errors) == 43
    assert np.median(errors) < 0.09
    assert np.quantile(errors, 0.9) < 0.15


def test_many_candidates_are_judged_as_single_ones(sessions: list[Any]) -> None:
    """More of them than one run takes, of two pictures; some lie outside."""
    random = np.random.default_rng(0)
    corner = random.uniform(-60, 460, (600, 2))
    squares = np.concatenate([corner, corner + random.uniform(5, 150, (600, 1))], axis=1).astype(np.float32)
    squares[:3] = [[181, 75, 271, 165], [150, 50, 300, 200], [600, 600, 700, 700]]
    owner = random.integers(0, 2, 600)
    owner[:3] = 0
    images = [portrait(), np.ascontiguousarray(portrait()[::-1, ::-1])]
    finisher = Finisher(sessions[2])
    score, boxes, landmarks = finisher.look(images, owner, squares)
    assert (score.shape, boxes.shape, landmarks.shape) == ((600,), (600, 4), (600, 5, 2))
    for index in (0, 1, 2, 255, 256, 257, 511, 512, 599):
        one = finisher.look(images, owner[index : index + 1], squares[index : index + 1])
        for together, alone in zip((score, boxes, landmarks), one, strict=True):
            np.testing.assert_allclose(together[index], alone[0], rtol=1e-4, atol=1e-3)
    assert score[0] > 0.9 > score[2]
    assert np.abs(landmarks[0] - POINTS).max() < 6
    assert np.abs(boxes[0] - FACE_XYXY).max() < 25


def test_a_crowd_of_candidates_is_cut_into_bounded_runs(sessions: list[Any]) -> None:
    sizes: list[int] = []

    class Counts:
        get_providers, get_session_options = sessions[2].get_providers, sessions[2].get_session_options

        def run(self, names: list[str], feed: dict[str, NDArray[np.uint8]]) -> Any:
            sizes.append(len(feed["image"]))
            return sessions[2].run(names, feed)

    squares = np.tile(np.float32([[10, 10, 40, 40]]), (700, 1))
    Finisher(Counts()).look([portrait()], np.zeros(700, np.intp), squares)
    assert sum(sizes) == 700
    assert max(sizes) == pixels_together(sessions[2]) // 48**2


def test_pictures_go_through_the_first_network_a_few_at_a_time(sessions: list[Any]) -> None:
    seen: list[tuple[int, ...]] = []

    class Counts:
        get_providers, get_session_options = sessions[0].get_providers, sessions[0].get_session_options

        def run(self, names: list[str], feed: dict[str, NDArray[np.uint8]]) -> Any:
            seen.append(feed["image"].shape)
            return sessions[0].run(names, feed)

    finisher = Finisher(sessions[2])
    counted = Mtcnn(Counts(), sessions[1], finisher, MtcnnOptions())  # type: ignore[arg-type]
    pictures = [portrait(), np.ascontiguousarray(portrait()[:, ::-1]), portrait()]
    together = counted.detect(pictures)
    most = pixels_together(sessions[0])
    assert all(count == 1 or count * height * width <= most for count, height, width, _ in seen)
    assert {count for count, *_ in seen} >= {1, 3}
    for found, picture in zip(together, pictures, strict=True):
        (alone,) = counted.detect([picture])
        np.testing.assert_array_equal(found.boxes, alone.boxes)


def test_no_candidates_give_no_answers(sessions: list[Any]) -> None:
    nobody = Finisher(sessions[2]).look([portrait()], np.zeros(0, np.intp), np.zeros((0, 4), np.float32))
    assert [answer.shape for answer in nobody] == [(0,), (0, 4), (0, 5, 2)]


@pytest.mark.parametrize("knob", ["proposal_score", "refine_score", "score"])
def test_each_network_has_a_say(sessions: list[Any], knob: str) -> None:
    assert len(_detector(sessions).detect([portrait()])[0]) == 1
    assert len(_detector(sessions, **{knob: 1.01}).detect([portrait()])[0]) == 0


def test_large_pictures_are_scaled_down_first(sessions: list[Any]) -> None:
    """The face is 90 pixels wide in 512, so 22 in 128: the smallest face looked for is measured after scaling."""
    for longest, smallest, number in ((512, 60, 1), (200, 20, 1), (128, 60, 0)):
        (faces,) = _detector(sessions, max_side_px=longest, min_face_px=smallest).detect([portrait()])
        assert len(faces) == number
        if number:
            assert np.abs(faces.landmarks[0] - POINTS).max() < 7


@pytest.mark.parametrize("shape", [(1, 5000), (20000, 2), (3, 1281), (13, 4000)])
def test_strips_hold_nobody(sessions: list[Any], shape: tuple[int, int]) -> None:
    """Scaled down, they would be less than a pixel wide."""
    assert [len(faces) for faces in _detector(sessions).detect([np.full((*shape, 3), 90, np.uint8)])] == [0]
