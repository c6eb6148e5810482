from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import albedo, maps, parts
from vultus.research.data.world.look import IRIS_RGB, LIP_RGB, PUPIL, SKIN_RGB, WIDTH


def _row() -> np.ndarray:
    row = np.zeros(WIDTH, np.float32)
    row[SKIN_RGB : SKIN_RGB + 3], row[LIP_RGB : LIP_RGB + 3] = (0.6, 0.4, 0.3), (0.5, 0.1, 0.1)
    row[IRIS_RGB : IRIS_RGB + 3], row[PUPIL] = (0.0, 0.1, 0.4), 0.2
    return row


def _at(kind: int, u: float, v: float) -> tuple[int, np.ndarray, np.ndarray]:
    n = (np.float32(0), np.float32(0), np.float32(1))
    gaze = np.array([[0, 0, 1], [0, 0, 1]], np.float32)
    region, colour, normal = albedo.albedo(
        kind, 0, np.float32(u), np.float32(v), n, maps.skin(), maps.grain(), _row(), gaze
    )
    return region, np.array(colour), np.array(normal)


PLACES = [(0, 5, "skin"), (0, -2, "nose"), (0, -7.0, "lips"), (0, -13, "neck"), (13, 5, "ear")]


@pytest.mark.parametrize(("u", "v", "name"), PLACES)
def test_places_on_the_skin_have_names(u: float, v: float, name: str) -> None:
    assert albedo.REGIONS[_at(parts.SKIN, u, v)[0]] == name


def test_lips_are_redder_than_skin_and_normals_stay_one_long() -> None:
    skin, lips = _at(parts.SKIN, 0, 5), _at(parts.SKIN, 0, -7.0)
    assert skin[1][1] / skin[1][0] > 0.5 > lips[1][1] / lips[1][0]
    assert np.linalg.norm(skin[2]) == pytest.approx(1, abs=1e-5)


def test_an_eye_has_white_iris_and_pupil() -> None:
    white, iris, pupil = (_at(parts.EYE, u, 0)[1] for u in (0.7, 0.35, 0.0))
    assert white.min() > 0.3
    assert iris[2] > iris[0]
    assert pupil.max() < 0.02
    assert albedo.REGIONS[_at(parts.EYE, 0.1, 0)[0]] == "iris"


def test_other_matter_has_its_region() -> None:
    kinds = {parts.TEETH: "teeth", parts.MOUTH: "mouth", parts.HAIR: "hair", parts.CLOTH: "cloth",
             parts.FRAME: "glasses", parts.HAT: "hat", parts.MASK: "face_mask"}  # fmt: skip
    for kind, name in kinds.items():
        assert albedo.REGIONS[_at(kind, 0.4, 0.3)[0]] == name


def test_the_step_is_soft() -> None:
    assert [float(albedo.ramp(0.0, 1.0, x)) for x in (-1.0, 0.5, 2.0)] == [0, 0.5, 1]
    assert albedo.unit(3.0, 0.0, 4.0) == pytest.approx((0.6, 0, 0.8))
