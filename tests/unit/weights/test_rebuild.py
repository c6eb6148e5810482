"""Rebuilt networks give what the originals give: dlib's own code for dlib's, plain numpy for MTCNN's."""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import joblib
import lz4.frame
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from skimage.data import astronaut

from unit.weights import dat
from vultus.errors import WeightsError
from vultus.weights.onnx_graph import Graph
from vultus.weights.rebuild import (
    REBUILDERS,
    _fold_input,
    _mtcnn_first,
    _pixels,
    dlib_landmarks5,
    dlib_mmod,
    dlib_resnet,
    mtcnn_onet,
    mtcnn_pnet,
    mtcnn_rnet,
)

dlib: Any = pytest.importorskip("dlib", reason="dlib is the oracle: pip install dlib-bin")


def _file(package: str, *parts: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*parts)


def _model(name: str) -> Path:
    return _file("face_recognition_models", "models", name)


def _mtcnn(name: str) -> Path:
    return _file("mtcnn", "assets", "weights", f"{name}.lz4")


def _session(data: bytes) -> ort.InferenceSession:
    onnx.checker.check_model(onnx.load_model_from_string(data), full_check=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return np.ascontiguousarray(astronaut()[0:300, 90:390])


# -------------------------------------------------------------------------------------------------------------- dlib
def test_the_embedder_is_dlibs(portrait: np.ndarray) -> None:
    """Cosine with dlib's own descriptors of the same chips, sharp, mirrored, dark and of noise."""
    path = _model("dlib_face_recognition_resnet_model_v1.dat")
    face = cv2.resize(portrait[40:220, 60:240], (150, 150), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0).integers(0, 256, face.shape, np.uint8)
    chips = np.stack([face, face[:, ::-1], face // 4, noise])
    theirs = np.array(dlib.face_recognition_model_v1(str(path)).compute_face_descriptor(list(chips)))
    (ours,) = _session(dlib_resnet(path.read_bytes())).run(None, {"image": chips})
    assert ours.shape == theirs.shape == (4, 128)
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosine.min() > 0.99999
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_the_cnn_detector_sees_what_dlib_sees(portrait: np.ndarray) -> None:
    """Its best cell is the window of dlib's best box, before dlib's pyramid: the face is scaled to 80 pixels first."""
    path = _model("mmod_human_face_detector.dat")
    detector = dlib.cnn_face_detection_model_v1(str(path))
    box = max(detector(portrait, 1), key=lambda found: found.confidence)
    scale = 80 / (box.rect.right() - box.rect.left())
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    (score,) = _session(dlib_mmod(path.read_bytes())).run(None, {"image": small[None]})
    row, column = np.unravel_index(score[0].argmax(), score[0].shape)
    centre = np.array([8 * column + 14, 8 * row + 14]) / scale
    assert score.max() > 0
    assert np.abs(centre - [box.rect.center().x, box.rect.center().y]).max() < 16 / scale


def test_the_landmark_arrays_are_plain() -> None:
    data = dlib_landmarks5(_model("shape_predictor_5_face_landmarks.dat").read_bytes())
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        assert set(arrays) == {"mean_shape", "anchors", "deltas", "splits", "limits", "leaves"}
        assert arrays["mean_shape"].shape == (5, 2)
        assert arrays["leaves"].dtype == np.float32


@pytest.mark.parametrize(
    ("rebuild", "data", "message"),
    [
        (dlib_landmarks5, dat.shape_model(points=6), "not the five-point landmark model: it has 6 points"),
        (
            dlib_resnet,
            dat.network([dat.affine(np.zeros(2, np.float32))]),
            r"not the dlib network expected: loss_metric_2 with \{'con': 0, 'affine': 1.*expected loss_metric_2 with",
        ),
        (dlib_mmod, dat.network([dat.affine(np.zeros(2, np.float32))]), "expected loss_mmod_ with"),
    ],
)
def test_other_dlib_files_are_refused(rebuild: Callable[[bytes], bytes], data: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        rebuild(data)


def test_a_convolution_of_the_wrong_length_is_refused() -> None:
    from vultus.weights.dlib_dat import read_network
    from vultus.weights.rebuild import _folded

    (layer,) = read_network(
        dat.network([dat.convolution(np.zeros(27, np.float32), filters=1, rows=3, columns=3)])
    ).layers
    with pytest.raises(WeightsError, match="dlib convolution has 27 values, expected 28"):
        _folded(layer, None, 3)


# ------------------------------------------------------------------------------------------------------------- MTCNN
def _convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Valid convolution of (H, W, C) with (rows, columns, C, F), as the definition has it."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
    return np.einsum("hwcrs,rscf->hwf", windows, kernel, optimize=True) + bias


def _prelu(x: np.ndarray, slope: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, x * slope)


def _pool(x: np.ndarray, size: int, *, same: bool) -> np.ndarray:
    rows, columns = x.shape[:2]
    if same:
        x = np.pad(x, ((0, size), (0, size), (0, 0)), constant_values=-np.inf)
    count = [-(-n // 2) if same else (n - size) // 2 + 1 for n in (rows, columns)]
    return np.array([[x[2 * r : 2 * r + size, 2 * c : 2 * c + size].max((0, 1)) for c in range(count[1])]
                     for r in range(count[0])])  # fmt: skip


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True))[..., 1]


def test_the_proposal_network_is_mtcnns(portrait: np.ndarray) -> None:
    arrays = [array.astype(np.float64) for array in joblib.load(io.BytesIO(_mtcnn("pnet").read_bytes()))]
    image = cv2.resize(portrait, (41, 38), interpolation=cv2.INTER_AREA)
    score, offsets = _session(mtcnn_pnet(_mtcnn("pnet").read_bytes())).run(None, {"image": image[None]})
    x = (image.astype(np.float64) - 127.5) / 128
    x = _pool(_prelu(_convolve(x, arrays[0], arrays[1]), arrays[2]), 2, same=True)
    x = _prelu(_convolve(x, arrays[3], arrays[4]), arrays[5])
    x = _prelu(_convolve(x, arrays[6], arrays[7]), arrays[8])
    np.testing.assert_allclose(score[0], _softmax(_convolve(x, arrays[11], arrays[12])), atol=1e-4)
    np.testing.assert_allclose(offsets[0].transpose(1, 2, 0), _convolve(x, arrays[9], arrays[10]), atol=1e-4)


@pytest.mark.parametrize(("name", "side", "pools"), [("rnet", 24, (3, 3)), ("onet", 48, (3, 3, 2))])
def test_the_later_networks_are_mtcnns(portrait: np.ndarray, name: str, side: int, pools: tuple[int, ...]) -> None:
    rebuild = {"rnet": mtcnn_rnet, "onet": mtcnn_onet}[name]
    arrays = iter([array.astype(np.float64) for array in joblib.load(io.BytesIO(_mtcnn(name).read_bytes()))])
    image = cv2.resize(portrait[40:220, 60:240], (side, side), interpolation=cv2.INTER_AREA)
    answers = _session(rebuild(_mtcnn(name).read_bytes())).run(None, {"image": image[None]})
    x = _prelu(_convolve((image.astype(np.float64) - 127.5) / 128, next(arrays), next(arrays)), next(arrays))
    for number, size in enumerate(pools):
        x = _pool(x, size, same=number != 1)
        x = _prelu(_convolve(x, next(arrays), next(arrays)), next(arrays))
    x = _prelu(x.transpose(1, 0, 2).reshape(-1) @ next(arrays) + next(arrays), next(arrays))
    heads = [x @ next(arrays) + next(arrays) for _ in range(len(answers))]
    expected = [_softmax(heads[-1]), *heads[:-1]]
    for ours, theirs in zip(answers, expected, strict=True):
        np.testing.assert_allclose(ours[0], theirs, atol=1e-3)


@pytest.mark.parametrize("pool", [2, 3])
def test_pooling_before_the_relu_gives_the_same_to_the_last_bit(pool: int) -> None:
    random = np.random.default_rng(pool)
    slope = np.array([-1.5, -1.0, -0.3, 0.0, 0.4, 1.0, 1.7], np.float32)
    arrays = [random.normal(size=shape).astype(np.float32) for shape in ((3, 3, 3, 7), (7,))]
    plain, fast = Graph("plain"), Graph("fast")
    weight, bias = _fold_input(arrays[0].transpose(3, 2, 0, 1), arrays[1], np.full(3, 127.5, np.float32), 1 / 128)
    x = plain.node("Conv", _pixels(plain, "H", "W"), plain.constant(weight), plain.constant(bias), kernel_shape=(3, 3))
    x = plain.node("PRelu", x, plain.constant(slope[:, None, None]))
    x = plain.node("MaxPool", x, kernel_shape=(pool, pool), strides=(2, 2), ceil_mode=1)
    plain.output(x, np.float32, ("N", 7, "h", "w"), "y")
    fast.output(_mtcnn_first(fast, _pixels(fast, "H", "W"), iter([*arrays, slope]), pool),
                np.float32, ("N", 7, "h", "w"), "y")  # fmt: skip
    image = random.integers(0, 256, (2, 17, 22, 3), np.uint8)
    answers = [_session(graph.save()).run(None, {"image": image})[0] for graph in (plain, fast)]
    assert (answers[0] < 0).any()
    np.testing.assert_array_equal(answers[0], answers[1])


@pytest.mark.parametrize(("name", "title"), [("pnet", "P-Net"), ("rnet", "R-Net"), ("onet", "O-Net")])
def test_other_arrays_are_refused(name: str, title: str) -> None:
    buffer = io.BytesIO()
    joblib.dump([np.ones(3, np.float32)], buffer)
    data = lz4.frame.compress(buffer.getvalue())
    with pytest.raises(WeightsError, match=rf"not the weights of MTCNN's {title}: its arrays are \[\(3,\)\]"):
        REBUILDERS[f"mtcnn_{name}"](data)


def test_rebuilding_twice_gives_the_same_bytes() -> None:
    """The cache is checked by digest, so nothing in a rebuilt file may depend on time, machine or order."""
    sources = {name: _mtcnn(name.removeprefix("mtcnn_")) for name in REBUILDERS if name.startswith("mtcnn")}
    sources["dlib_mmod"] = _model("mmod_human_face_detector.dat")
    assert len(sources) == 4
    for name, path in sources.items():
        assert REBUILDERS[name](path.read_bytes()) == REBUILDERS[name](path.read_bytes())
