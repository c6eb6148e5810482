"""The values that travel: validated once, frozen after, and thresholds that refuse what the data cannot support."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import InputError, ShapeError, UnsupportedTargetError
from vultus.types import (
    Box,
    Calibration,
    CalibrationPoint,
    Candidate,
    Decision,
    Embedding,
    Expression,
    Face,
    Identification,
    Liveness,
    Quality,
)

BOX = Box([0, 0, 10, 20])
POINTS = np.arange(10).reshape(5, 2)
FINE = Quality(0.9)
CALIBRATION = Calibration(
    "test:0",
    "ten thousand pairs",
    10_000,
    100,
    (
        CalibrationPoint(1e-1, 0.2, 0.1, 0.3),
        CalibrationPoint(1e-2, 0.4, 0.3, 0.5),
        CalibrationPoint(1e-3, 0.6, 0.5, 0.7),
    ),
)


def _unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, np.float32)
    return vector / np.linalg.norm(vector)


# ------------------------------------------------------------------------------------------------------------- boxes
def test_a_box_measures_itself() -> None:
    assert (BOX.width, BOX.height, BOX.area, BOX.centre) == (10, 20, 200, (5, 10))
    assert BOX.xyxy.dtype == np.float32


def test_overlap_by_hand() -> None:
    assert Box([0, 0, 2, 2]).iou(Box([1, 1, 3, 3])) == pytest.approx(1 / 7)
    assert Box([0, 0, 2, 2]).iou(Box([2, 0, 4, 2])) == 0
    assert Box([5, 5, 1, 1]).area == 0


corner = st.floats(-1e3, 1e3, width=32)
size = st.floats(0.125, 1e3, width=32)
boxes = st.builds(lambda x, y, w, h: Box([x, y, x + w, y + h]), corner, corner, size, size)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_bounded(a: Box, b: Box) -> None:
    assert 0 <= a.iou(b) <= 1 + 1e-5
    assert a.iou(b) == pytest.approx(b.iou(a), abs=1e-6)
    assert a.iou(a) == pytest.approx(1, abs=1e-5)


def test_a_box_has_four_finite_numbers() -> None:
    with pytest.raises(ShapeError, match=r"box must be float32 \(4,\), but is float32 \(3,\)"):
        Box([0, 0, 1])
    with pytest.raises(ShapeError, match="box must be finite, but is not finite"):
        Box([0, 0, math.nan, 1])


# -------------------------------------------------------------------------------------------------------- embeddings
def test_cosine_by_hand() -> None:
    assert Embedding(_unit(1, 0), "c").similarity(Embedding(_unit(1, 1), "c")) == pytest.approx(math.sqrt(0.5))
    with pytest.raises(InputError, match="embeddings of contracts c and d cannot be compared; embed both pictures"):
        Embedding(_unit(1, 0), "c").similarity(Embedding(_unit(1, 1), "d"))


def test_an_embedding_is_a_unit_vector() -> None:
    with pytest.raises(ShapeError, match=r"embedding must be of unit length, but is of length 2\.0000"):
        Embedding(np.array([2, 0], np.float32), "c")
    with pytest.raises(ShapeError, match=r"embedding must be float32 \(D,\), but is float32 \(1, 2\)"):
        Embedding(np.ones((1, 2), np.float32), "c")


# ------------------------------------------------------------------------------------------------------------- faces
def test_a_face_has_five_points() -> None:
    face = Face(BOX, POINTS, 0.9, FINE)
    assert face.landmarks.dtype == np.float32
    assert (face.embedding, face.liveness) == (None, None)
    with pytest.raises(ShapeError, match=r"landmarks must be float32 \(5, 2\), but is float32 \(2, 2\)"):
        Face(BOX, POINTS[:2], 0.9, FINE)


def test_values_are_frozen_and_are_copies() -> None:
    source = np.zeros(4, np.float32)
    box = Box(source)
    source[:] = 7
    assert box.xyxy.tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        box.xyxy[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        box.xyxy = source  # type: ignore[misc]
    measures = {"sharpness": 1.0}
    quality = Quality(0.5, ("blurred",), measures)
    measures["sharpness"] = 2.0
    assert quality.measures["sharpness"] == 1.0
    with pytest.raises(TypeError):
        quality.measures["sharpness"] = 3.0  # type: ignore[index]


def test_values_go_between_processes_and_into_dictionaries() -> None:
    face = Face(BOX, POINTS, 0.9, Quality(0.5, ("blurred",), {"sharpness": 1.0}))
    arrived = pickle.loads(pickle.dumps(face))
    assert arrived.quality == face.quality == copy.deepcopy(face).quality
    assert arrived.box.xyxy.tolist() == BOX.xyxy.tolist()
    assert dataclasses.asdict(face)["quality"]["measures"] == {"sharpness": 1.0}


def test_quality_and_liveness_say_yes_or_no() -> None:
    assert FINE.ok
    assert not Quality(0.1, ("blurred",)).ok
    assert Liveness(0.8, 0.8).live
    assert not Liveness(0.79, 0.8, "presentation_attack").live


def test_an_expression_is_called_by_its_highest_score() -> None:
    shown = Expression({"happy": 0.2, "sad": 0.7, "neutral": 0.1})
    assert shown.label == "sad"
    assert dataclasses.asdict(shown)["scores"] == {"happy": 0.2, "sad": 0.7, "neutral": 0.1}
    with pytest.raises(TypeError):
        shown.scores["happy"] = 1.0  # type: ignore[index]
    with pytest.raises(InputError, match="an expression needs the score of one word at least"):
        Expression({})


def test_only_a_match_has_a_name() -> None:
    face = Face(BOX, POINTS, 0.9, FINE)
    candidates = (Candidate("Ada", 0.9), Candidate("Bob", 0.1))
    for matched, name in ((True, "Ada"), (False, None)):
        decision = Decision(matched, 0.9, 0.5, None, "test:0", fpir_target=0.01, gallery_size=2)
        assert Identification(face, decision, candidates).name == name


# -------------------------------------------------------------------------------------------------------- thresholds
def test_thresholds_are_log_linear_between_points() -> None:
    assert CALIBRATION.threshold(1e-2) == pytest.approx(0.4)
    assert CALIBRATION.threshold(10**-2.5) == pytest.approx(0.5)
    assert CALIBRATION.smallest_fmr == 1e-3


def test_a_rate_the_data_cannot_support_is_refused_with_the_smallest_one() -> None:
    with pytest.raises(UnsupportedTargetError, match="ten thousand pairs has 10,000 impostor comparisons") as caught:
        CALIBRATION.threshold(1e-4)
    assert caught.value.smallest == 1e-3
    with pytest.raises(UnsupportedTargetError, match=r"it is above the largest calibrated rate 0\.1"):
        CALIBRATION.threshold(0.5)


def test_the_rule_of_three_binds_when_the_points_go_further() -> None:
    small = dataclasses.replace(CALIBRATION, n_impostor=300)
    assert small.smallest_fmr == pytest.approx(0.01)
    with pytest.raises(UnsupportedTargetError, match=r"the smallest supported FMR is 0\.01$"):
        small.threshold(5e-3)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(UnsupportedTargetError, match="is not supported"):
        CALIBRATION.threshold(rate)


def test_more_people_need_a_higher_threshold() -> None:
    one, ten = CALIBRATION.threshold_for_fpir(0.02, 1), CALIBRATION.threshold_for_fpir(0.02, 10)
    assert one == pytest.approx(CALIBRATION.threshold(0.02))
    assert ten == pytest.approx(CALIBRATION.threshold(1 - 0.98**0.1))
    assert ten > one
    assert CALIBRATION.threshold_for_fpir(0.02, 0) == one


def test_too_many_people_for_the_data_are_refused() -> None:
    with pytest.raises(UnsupportedTargetError, match="with 1,000 people it needs FMR 1e-05") as caught:
        CALIBRATION.threshold_for_fpir(0.01, 1000)
    assert CALIBRATION.threshold_for_fpir(caught.value.smallest, 1000) == pytest.approx(0.6)


@pytest.mark.parametrize("people", [3, 11, 150, 999])
def test_the_smallest_rate_told_is_supported(people: int) -> None:
    with pytest.raises(UnsupportedTargetError) as caught:
        CALIBRATION.threshold_for_fpir(1e-5, people)
    told = float(str(caught.value).split()[-1])
    assert caught.value.smallest <= told < caught.value.smallest * 1.1
    assert CALIBRATION.threshold_for_fpir(told, people)


@pytest.mark.parametrize("rate", [0.0, 1.0, 2.0, -1.0, math.nan])
def test_an_identification_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(UnsupportedTargetError, match="it must lie between 0 and 1"):
        CALIBRATION.threshold_for_fpir(rate, 10)
