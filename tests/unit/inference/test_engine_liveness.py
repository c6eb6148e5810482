"""Liveness decides face by face: who is refused has no vector, and everybody else keeps his own."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest

from unit.inference.portraits import Image, empty, head, scaled, turned
from vultus.errors import NoFaceError
from vultus.inference.engine import FaceEngine
from vultus.inference.liveness import PRESENTATION_ATTACK
from vultus.types import FAILURE_TO_ACQUIRE, Calibration, CalibrationPoint, Face, Liveness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class RefusesTheLeft:
    """Takes faces whose middle lies in the left half of the picture for attacks."""

    def assess(self, image: Image, boxes: NDArray[np.float32]) -> Sequence[Liveness]:
        left = (boxes[:, 0] + boxes[:, 2]) / 2 < image.shape[1] / 2
        return [Liveness(0.1, 0.5, PRESENTATION_ATTACK) if here else Liveness(0.9, 0.5) for here in left]


@pytest.fixture(scope="module")
def gated(engine: FaceEngine) -> FaceEngine:
    other = copy.copy(engine)
    other._liveness = RefusesTheLeft()  # type: ignore[assignment]
    return other


def _two(left: Image, right: Image) -> Image:
    return np.ascontiguousarray(np.hstack([left, right]))


def _vector(face: Face) -> NDArray[np.float32]:
    assert face.embedding is not None
    return face.embedding.vector


def test_refused_faces_take_nobody_elses_vector(engine: FaceEngine, gated: FaceEngine) -> None:
    """In a batch of several pictures with refused and live faces in turn."""
    one, other = scaled(head(), 0.6), scaled(turned(head(), 20), 0.6)[:, ::-1]
    pictures = [_two(one, other), empty(), _two(other, one), _two(np.zeros_like(one), one), _two(one, one * 0)]
    plain, judged = engine.find(pictures), gated.find(pictures)
    assert [len(faces) for faces in judged] == [2, 0, 2, 1, 1]
    for before, after, picture in zip(plain, judged, pictures, strict=True):
        for face, known in zip(after, before, strict=True):
            np.testing.assert_array_equal(face.box.xyxy, known.box.xyxy)
            assert known.liveness is None
            assert face.liveness is not None
            assert face.liveness.live == (face.box.centre[0] >= picture.shape[1] / 2)
            if face.liveness.live:
                assert _vector(face) @ _vector(known) > 0.99999
            else:
                assert face.embedding is None


def test_an_attack_is_neither_embedded_nor_compared(gated: FaceEngine) -> None:
    points = (CalibrationPoint(1e-1, 0.80, 0.79, 0.81), CalibrationPoint(1e-3, 0.93, 0.92, 0.94))
    judge = copy.copy(gated)
    judge.pack = copy.copy(gated.pack)
    object.__setattr__(judge.pack, "calibrations", (Calibration("test:0", "a test", 10_000, 100, points),))
    live, attack = _two(np.zeros_like(head()), head()), _two(head(), np.zeros_like(head()))
    assert judge.verify(live, live).matched
    for pair in ((live, attack), (attack, live), (attack, attack)):
        decision = judge.verify(*pair)
        assert (decision.matched, decision.similarity, decision.reason) == (False, None, PRESENTATION_ATTACK)
        assert decision.threshold == pytest.approx(0.93)
    # the first picture that cannot be compared gives the reason
    assert judge.verify(attack, empty()).reason == PRESENTATION_ATTACK
    assert judge.verify(empty(), attack).reason == FAILURE_TO_ACQUIRE
    assert judge.embed(live).contract == judge.contract
    with pytest.raises(NoFaceError, match=r"the face in <array uint8 .* was refused: presentation_attack"):
        judge.embed(attack)
