from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, UnknownNameError, WeightsError
from vultus.inference.detectors.yunet import Yunet
from vultus.inference.liveness import PRESENTATION_ATTACK, RENDERED, LivenessDetector, chosen, crop
from vultus.inference.session import open_session
from vultus.weights.manifest import LivenessSpec
from vultus.weights.onnx_graph import Graph
from vultus.weights.table import load_pack

SPEC = LivenessSpec("minifasnet", "live.onnx", 1.0, 16, 0, "RGB", 1 / 255, 0.6, "made up")
BOXES = np.float32([[0, 0, 16, 16], [16, 0, 32, 16], [0, 16, 16, 32]])


def net(path: Path, *, batch: int | str = "N", softmax: bool = False, channel: int = 0, size: int = 16) -> Path:
    """Class 0 is likely where the given channel of the crop is bright, (N, 2)."""
    graph = Graph("tiny")
    x = graph.input("input", np.float32, (batch, 3, size, size))
    mean = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    weight = np.zeros((3, 2), np.float32)
    weight[channel] = (8, 0)
    out = graph.node("Add", graph.node("MatMul", mean, graph.constant(weight)), graph.constant(np.float32([-4, 0])))
    out = graph.node("Softmax", out, axis=1) if softmax else out
    graph.output(out, np.float32, (batch, 2), "output")
    path.write_bytes(graph.save())
    return path


@pytest.fixture
def image() -> np.ndarray:
    """A white, a black and a red quarter."""
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:16, :16] = 255
    picture[16:, :16] = (255, 0, 0)
    return picture


@pytest.mark.parametrize("batch", ["N", 1, 2])
@pytest.mark.parametrize("softmax", [False, True])
def test_each_face_is_judged(tmp_path: Path, image: np.ndarray, batch: int | str, softmax: bool) -> None:
    detector = LivenessDetector(open_session(net(tmp_path / "a.onnx", batch=batch, softmax=softmax)), SPEC)
    white, black, red = detector.assess(image, BOXES)
    assert white.live_score == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-5)
    assert black.live_score == pytest.approx(1 / (1 + np.exp(4)), abs=1e-5)
    assert red.live_score == pytest.approx(white.live_score)
    assert (white.live, white.reason, white.operating_point) == (True, "", "made up")
    assert (black.live, black.reason, black.threshold) == (False, PRESENTATION_ATTACK, 0.6)
    assert detector.assess(image, BOXES[:0]) == []


def test_colour_order_and_class(tmp_path: Path, image: np.ndarray) -> None:
    session = open_session(net(tmp_path / "a.onnx", channel=2))
    blue = LivenessDetector(session, SPEC).assess(image, BOXES)
    assert [found.live for found in blue] == [True, False, False]
    turned = LivenessDetector(session, replace(SPEC, colour="BGR")).assess(image, BOXES)
    assert [found.live for found in turned] == [True, False, True]
    other = LivenessDetector(session, replace(SPEC, live_index=1)).assess(image, BOXES)
    assert [found.live for found in other] == [False, True, True]


def test_many_faces(tmp_path: Path, image: np.ndarray) -> None:
    detector = LivenessDetector(open_session(net(tmp_path / "a.onnx")), SPEC)
    found = detector.assess(image, np.tile(BOXES[:2], (40, 1)))
    assert [face.live for face in found] == [True, False] * 40


def test_a_model_of_another_size_or_kind_is_refused(tmp_path: Path) -> None:
    session = open_session(net(tmp_path / "a.onnx", size=20))
    with pytest.raises(WeightsError, match=r"live\.onnx must take float32 \(N, 3, 16, 16\), but takes \['N', 3, 20"):
        LivenessDetector(session, SPEC)
    session = open_session(net(tmp_path / "b.onnx"))
    with pytest.raises(WeightsError, match=r"live\.onnx must give \(N, K\) with K above 2, but gives \['N', 2\]"):
        LivenessDetector(session, replace(SPEC, live_index=2))


def test_a_square_crop_is_padded_with_black() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    cut = crop(image, np.float32([0, 0, 20, 10]), 2.0, 40, "square")
    # 40 px square around (10, 5): 10 px outside to the left, 15 px outside at the top.
    assert (cut[15:, 10:] == 200).all()
    assert cut[:14].max() == 0
    assert cut[:, :9].max() == 0


def test_a_crop_of_the_box_stays_inside_and_shrinks() -> None:
    image = np.zeros((100, 50, 3), np.uint8)
    image[..., 0] = np.arange(50)
    image[..., 1] = np.arange(100)[:, None]
    cut = crop(image, np.float32([0, 0, 10, 20]), 2.0, 20, "box")
    assert (int(cut[0, -1, 0]), int(cut[-1, 0, 1])) == pytest.approx((19, 38.5), abs=0.6)  # moved to (0, 0, 20, 40)
    whole = crop(image, np.float32([5, 5, 30, 55]), 4.0, 50, "box")  # 4 times would be 100 x 200
    assert (int(whole[0, -1, 0]), int(whole[-1, 0, 1])) == pytest.approx((49, 98.5), abs=0.6)


@given(st.tuples(*[st.floats(-200, 200) for _ in range(4)]), st.floats(0.5, 4), st.sampled_from(["square", "box"]))
def test_any_box_gives_a_crop(box: tuple[float, ...], scale: float, shape: str) -> None:
    image = np.full((37, 61, 3), 9, np.uint8)
    cut = crop(image, np.float32(box), scale, 16, shape)
    assert cut.shape == (16, 16, 3)
    assert cut.max() <= 9


@pytest.mark.shared
@pytest.mark.parametrize("name", ["bin", "print_replay"])
def test_the_public_models_tell_the_three_photographs_apart(shared: Path, name: str) -> None:
    weights = shared / "data" / "ref_weights"
    spec = LivenessSpec("minifasnet", "m.onnx", 1.5, 128, 0, "RGB", 1 / 255, 0.5, "smoke test")
    judge = LivenessDetector(open_session(weights / f"hairymax_antispoof_{name}_1.5_128.onnx"), spec)
    finder = Yunet(open_session(weights / "yunet_s_640_640.onnx"))
    folder = shared / "data" / "antispoof_samples" / "images"
    for photo, live in (("mini_T1.jpg", True), ("mini_F1.jpg", False), ("mini_F2.jpg", False)):
        image = np.ascontiguousarray(cv2.imread(str(folder / photo))[..., ::-1])
        (found,) = judge.assess(image, finder.detect([image])[0].boxes[:1])
        assert found.live is live
        assert found.live_score > 0.9 or found.live_score < 0.1


# ------------------------------------------------------------------------------------------------ which one is taken
def test_which_detector_is_taken(tmp_path: Path, pack_with_liveness) -> None:
    session = open_session(net(tmp_path / "a.onnx"))
    opened = []

    def open_file(name: str):
        opened.append(name)
        return session

    how = {"device": "cpu", "threads": 1, "licence_policy": "commercial"}
    bare = replace(pack_with_liveness, liveness=None)
    assert chosen(pack_with_liveness, False, open_file, **how) is None
    assert chosen(bare, None, open_file, **how) is None
    assert opened == []
    for wanted in (None, True):
        assert isinstance(chosen(pack_with_liveness, wanted, open_file, **how), LivenessDetector)
    assert opened == ["live.onnx", "live.onnx"]
    rendered = chosen(bare, RENDERED, open_file, **how)
    assert rendered is not None
    (said,) = rendered.assess(np.full((64, 64, 3), 90, np.uint8), np.float32([[8, 8, 56, 56]]))
    assert said.operating_point.startswith("trained on rendered attacks, not on real ones")
    assert said.reason == ("" if said.live else PRESENTATION_ATTACK)


def test_what_is_not_there_is_told(pack_with_liveness) -> None:
    how = {"device": "cpu", "threads": 1, "licence_policy": "any"}
    with pytest.raises(
        ConfigError, match=r"has no liveness model; leave liveness out.*trained on rendered attacks only"
    ):
        chosen(replace(pack_with_liveness, liveness=None), True, open, **how)
    with pytest.raises(UnknownNameError, match="unknown liveness 'real'"):
        chosen(pack_with_liveness, "real", open, **how)


@pytest.fixture
def pack_with_liveness():
    """The default pack with a made-up attack detector."""
    return replace(load_pack("dlib"), liveness=SPEC)
