"""Quality on a real portrait made worse in known ways, on a head turned by known angles, and on senseless input."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, ShapeError
from vultus.inference import image as pictures
from vultus.inference.quality import CHIP, DEFAULT_GATE, REASONS, QualityGate, assess, sharpness
from vultus.types import Quality

PORTRAIT = skimage.data.astronaut()
# As YuNet finds them.
BOX = np.array([178.1, 65.0, 269.5, 176.4])
LANDMARKS = np.array([[203.4, 103.6], [247.5, 104.4], [224.1, 127.7], [204.0, 143.1], [242.9, 143.7]])
WIDTH = 91.4


def judge(image: np.ndarray = PORTRAIT, gate: QualityGate = DEFAULT_GATE) -> Quality:
    return assess(image, BOX, LANDMARKS, 0.9, gate)


def blurred(share: float, image: np.ndarray = PORTRAIT) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), share * WIDTH) if share else image


def head(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    """The average head turned: pitch down, then yaw to its left, then roll clockwise in the picture."""
    points = np.array([[-31.5, -36, 0], [31.5, -36, 0], [0, 0, 27], [-27, 29.5, 2], [27, 29.5, 2]])
    a, b, c = np.radians([yaw_deg, pitch_deg, roll_deg])
    yaw = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    pitch = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    roll = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return (points @ (roll @ yaw @ pitch).T)[:, :2] * 0.7 + (224, 135)


def test_a_good_portrait_passes() -> None:
    quality = judge()
    assert quality.ok
    assert 0.8 < quality.score <= 1
    assert quality.measures["face_px"] == pytest.approx(91.4)
    assert set(quality.measures) == {
        "face_px", "inside", "highlight", "shadow", "clipped", "contrast", "sharpness", "visibility",
        "yaw_deg", "pitch_deg", "roll_deg",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "image"),
    [
        ("blurred", blurred(0.03)),
        ("blurred", cv2.filter2D(PORTRAIT, -1, np.full((1, 13), 1 / 13))),
        ("blurred", cv2.filter2D(PORTRAIT, -1, np.full((13, 1), 1 / 13))),
        ("blurred", cv2.filter2D(PORTRAIT, -1, np.eye(11) / 11)),
        ("blurred", cv2.filter2D(PORTRAIT, -1, np.eye(11)[::-1] / 11)),
        ("too_dark", (PORTRAIT * 0.12).astype(np.uint8)),
        ("too_bright", np.clip(PORTRAIT * 2.2, 0, 255).astype(np.uint8)),
        ("too_bright", (PORTRAIT * 0.3 + 178).astype(np.uint8)),
        ("low_contrast", (PORTRAIT * 0.12 + 100).astype(np.uint8)),
    ],
)
def test_each_degradation_is_named(code: str, image: np.ndarray) -> None:
    quality = judge(image)
    assert code in quality.reasons
    assert quality.score < 0.5


def test_too_small() -> None:
    scale = 30 / WIDTH
    small = cv2.resize(PORTRAIT, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    quality = assess(small, BOX * scale, LANDMARKS * scale, 0.9)
    assert "too_small" in quality.reasons


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_cut_by_each_border(side: str) -> None:
    left, top, right, bottom = 0, 0, 512, 512
    if side == "left":
        left = 205
    elif side == "top":
        top = 118
    elif side == "right":
        right = 240
    else:
        bottom = 146
    part = np.ascontiguousarray(PORTRAIT[top:bottom, left:right])
    quality = assess(part, BOX - (left, top, left, top), LANDMARKS - (left, top), 0.9)
    assert "cut_by_border" in quality.reasons


@pytest.mark.parametrize("hidden", ["mask", "sunglasses", "half"])
@pytest.mark.parametrize("colour", [(20, 20, 25), (240, 240, 240), (120, 160, 200)])
def test_occluded(hidden: str, colour: tuple[int, int, int]) -> None:
    image = PORTRAIT.copy()
    if hidden == "mask":
        cv2.fillPoly(
            image, [np.array([[185, 138], [224, 130], [264, 136], [258, 180], [224, 196], [192, 182]])], colour
        )
    elif hidden == "sunglasses":
        for x, y in LANDMARKS[:2].astype(int).tolist():
            cv2.ellipse(image, (x, y + 3), (19, 14), 0, 0, 360, (25, 25, 30), -1)
    else:
        image[:, 222:] = colour
    assert "occluded" in judge(image).reasons


def test_occlusion_is_not_claimed_where_it_cannot_be_told() -> None:
    image = PORTRAIT.copy()
    image[:, 222:] = 90
    assert "occluded" not in judge(blurred(0.08, image)).reasons


@pytest.mark.parametrize("yaw", [-80, -25, 0, 25, 60])
@pytest.mark.parametrize("pitch", [-50, -10, 0, 20])
@pytest.mark.parametrize("roll", [-90, 0, 35, 150])
def test_pose_of_a_head_turned_by_known_angles(yaw: float, pitch: float, roll: float) -> None:
    measures = assess(PORTRAIT, BOX, head(yaw, pitch, roll), 0.9).measures
    found = [measures[name] for name in ("yaw_deg", "pitch_deg", "roll_deg")]
    assert found == pytest.approx([yaw, pitch, roll], abs=0.01)


def test_extreme_pose() -> None:
    assert "extreme_pose" in assess(PORTRAIT, BOX, head(60, 0, 0), 0.9).reasons
    assert "extreme_pose" in assess(PORTRAIT, BOX, head(0, 45, 0), 0.9).reasons
    assert "extreme_pose" not in assess(PORTRAIT, BOX, head(20, 10, 90), 0.9).reasons


def test_reasons_come_worst_first() -> None:
    quality = judge((PORTRAIT * 0.02).astype(np.uint8))
    assert quality.reasons[0] in ("too_dark", "low_contrast", "blurred")
    loose = QualityGate(min_face_px=97, min_highlight=100)
    both = judge((PORTRAIT * 0.25).astype(np.uint8), loose)
    assert both.reasons.index("too_dark") < both.reasons.index("too_small")


# Order and stability


@given(st.floats(0, 0.12), st.floats(0, 0.12))
def test_more_blur_never_raises_the_score(first: float, second: float) -> None:
    less, more = sorted((first, second))
    assert judge(blurred(more)).score <= judge(blurred(less)).score + 0.01


@given(st.floats(0.02, 0.7), st.floats(0.02, 0.7))
def test_less_light_never_raises_the_score(first: float, second: float) -> None:
    darker, lighter = sorted((first, second))
    dark, light = (judge((PORTRAIT * gain).astype(np.uint8)) for gain in (darker, lighter))
    assert dark.score <= light.score + 0.02


@given(st.floats(15, 96), st.floats(15, 96))
def test_fewer_pixels_never_raise_the_score(first: float, second: float) -> None:
    scores = []
    for width in sorted((first, second)):
        scale = width / WIDTH
        small = cv2.resize(PORTRAIT, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        scale = small.shape[0] / 512
        scores.append(assess(small, BOX * scale, LANDMARKS * scale, 0.9).score)
    assert scores[0] <= scores[1] + 0.03


def test_measures_do_not_depend_on_size_or_roll() -> None:
    """The same face four times as large, and turned, measures the same."""
    plain = judge().measures
    large = cv2.resize(PORTRAIT, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    upscaled = assess(large, BOX * 4, LANDMARKS * 4, 0.9).measures
    turned_landmarks = np.stack([LANDMARKS[:, 1], 512 - LANDMARKS[:, 0]], axis=1)
    turned_box = np.array([BOX[1], 512 - BOX[2], BOX[3], 512 - BOX[0]])
    turned = assess(np.ascontiguousarray(np.rot90(PORTRAIT)), turned_box, turned_landmarks, 0.9).measures
    for other in (upscaled, turned):
        for name in ("highlight", "shadow", "contrast"):
            assert other[name] == pytest.approx(plain[name], abs=8)
        for name in ("yaw_deg", "pitch_deg"):
            assert other[name] == pytest.approx(plain[name], abs=0.1)
        assert other["sharpness"] == pytest.approx(plain["sharpness"], abs=0.25)
    assert turned["roll_deg"] == pytest.approx(plain["roll_deg"] - 90, abs=0.1)


def test_detector_score_counts() -> None:
    assert assess(PORTRAIT, BOX, LANDMARKS, 0.2).score < judge().score
    assert assess(PORTRAIT, BOX, LANDMARKS, 5.0).score <= 1


def test_nothing_passes_an_impossible_gate_and_all_passes_an_open_one() -> None:
    assert set(judge(gate=QualityGate(min_face_px=1e6, min_highlight=300)).reasons) == {"too_small", "too_dark"}
    open_gate = QualityGate(0, 0, 0, 0, 255, 1, 0, 180, 180, 0)
    assert judge(blurred(0.1, (PORTRAIT * 0.05).astype(np.uint8)), open_gate).ok


def test_sharpness_of_noise_and_of_nothing() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (CHIP, CHIP), np.uint8)
    assert sharpness(noise) == 1
    assert sharpness(np.full((CHIP, CHIP), 77, np.uint8)) == 0


# Senseless input


@given(
    st.lists(st.floats(-1e5, 1e5), min_size=10, max_size=10),
    st.lists(st.floats(-1e5, 1e5), min_size=4, max_size=4),
    st.sampled_from([(1, 1), (2, 300), (300, 2), (64, 64)]),
    st.floats(-1, 2),
)
def test_never_crashes(points: list[float], box: list[float], size: tuple[int, int], score: float) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    quality = assess(image, np.array(box), np.array(points).reshape(5, 2), score)
    assert 0 <= quality.score <= 1
    assert set(quality.reasons) <= set(REASONS)
    assert all(np.isfinite(value) for value in quality.measures.values())


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), 7.0), np.full((5, 2), 1e9), np.eye(5, 2) * 1e-9])
def test_landmarks_in_one_place(points: np.ndarray) -> None:
    quality = assess(np.full((64, 64, 3), 128, np.uint8), np.array([0.0, 0, 0, 0]), points, 0.9)
    assert not quality.ok
    assert quality.score < 0.1


def test_wrong_shapes() -> None:
    with pytest.raises(ShapeError, match=r"box must be \(4,\), but is \(5,\)"):
        assess(PORTRAIT, np.zeros(5), LANDMARKS, 0.9)
    with pytest.raises(ShapeError, match=r"landmarks must be \(5, 2\), but is \(68, 2\)"):
        assess(PORTRAIT, BOX, np.zeros((68, 2)), 0.9)


def test_not_finite() -> None:
    for box, points in ((BOX * np.nan, LANDMARKS), (BOX, LANDMARKS * np.inf)):
        with pytest.raises(ShapeError, match="box and landmarks must be finite, but is not finite"):
            assess(PORTRAIT, box, points, 0.9)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "40", True, None])
def test_wrong_gate(value: object) -> None:
    with pytest.raises(ConfigError, match="quality gate: min_face_px must be a number of at least 0, but is"):
        QualityGate(min_face_px=value)  # type: ignore[arg-type]


# Real photographs


@pytest.mark.shared
def test_masks_and_poses_of_the_shared_data(shared: Path) -> None:
    """Landmarks by YuNet, whose weights lie with the data; the codes as the makers of the pictures labelled them."""
    data = shared / "data"
    model = str(data / "ref_weights" / "yunet_n_640_640.onnx")
    expected = {
        "bulk_mask.jpg": "occluded",
        "bulk_mask2.jpg": "occluded",
        "bulk_blur.jpg": "blurred",
        "pose_left_face.jpeg": "extreme_pose",
        "pose_right_face.png": "extreme_pose",
    }
    fine = {"emotion_happy.png", "emotion_sad.png", "emotion_anger.png", "pose_rise_face.jpeg", "bulk_woman.jpg"}
    with (data / "inspireface_functional" / "expect.csv").open() as table:
        names = {row["image"] for row in csv.DictReader(table)}
    for name in sorted(names & (expected.keys() | fine)):
        image = pictures.read(data / "inspireface_functional" / "images" / name)
        scale = min(1.0, 640 / max(image.shape))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        finder = cv2.FaceDetectorYN.create(model, "", small.shape[1::-1], 0.5)
        row = max(finder.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1], key=lambda row: row[2] * row[3]) / scale
        box = np.array([row[0], row[1], row[0] + row[2], row[1] + row[3]])
        quality = assess(image, box, row[4:14].reshape(5, 2), 0.9)
        if name in expected:
            assert expected[name] in quality.reasons, name
        else:
            assert quality.ok, (name, quality.reasons)
        if name.startswith("pose_left"):
            assert quality.measures["yaw_deg"] < -30
        if name.startswith("pose_right"):
            assert quality.measures["yaw_deg"] > 30
