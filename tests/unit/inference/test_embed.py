"""Crops to unit vectors, on networks small enough to compute by hand."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ShapeError, WeightsError
from vultus.inference.embed import Embedder
from vultus.weights.manifest import EmbedderSpec
from vultus.weights.onnx_graph import Graph

SIZE = 4


def _session(
    layout: str = "NHWC", *, raw: bool = False, batch: int | str = "N", dimension: int = 3
) -> ort.InferenceSession:
    """Mean colour of the left half of the picture: sensitive to colour order, layout and mirroring."""
    graph = Graph("half")
    shape = (batch, SIZE, SIZE, 3) if layout == "NHWC" else (batch, 3, SIZE, SIZE)
    x = graph.input("x", np.uint8 if raw else np.float32, shape)
    x = graph.node("Cast", x, to=1)
    x = x if layout == "NCHW" else graph.node("Transpose", x, perm=(0, 3, 1, 2))
    left = np.zeros((1, 1, SIZE, SIZE), np.float32)
    left[..., : SIZE // 2] = 2.0
    x = graph.node("GlobalAveragePool", graph.node("Mul", x, graph.constant(left)))
    graph.output(graph.node("Flatten", x), np.float32, (batch, 3), "y")
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(graph.save(), options, providers=["CPUExecutionProvider"])


def _spec(**changes: object) -> EmbedderSpec:
    plain = {
        "kind": "onnx", "file": "e.onnx", "dimension": 3, "size": SIZE, "colour": "RGB", "mean": (0.0, 0.0, 0.0),
        "scale": 1.0, "layout": "NHWC", "flip": False, "centre": None,
    }  # fmt: skip
    return EmbedderSpec(**{**plain, **changes})  # type: ignore[arg-type]


def _crops(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 256, (count, SIZE, SIZE, 3), np.uint8)


def _by_hand(crops: np.ndarray) -> np.ndarray:
    means = crops[:, :, : SIZE // 2].astype(np.float64).mean(axis=(1, 2))
    return means / np.linalg.norm(means, axis=1, keepdims=True)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("raw", [False, True])
def test_layouts_and_types(layout: str, raw: bool) -> None:
    vectors = Embedder(_session(layout, raw=raw), _spec(layout=layout)).embed(_crops(3))
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, _by_hand(_crops(3)), atol=1e-6)


@pytest.mark.parametrize("raw", [False, True])
def test_colour_order(raw: bool) -> None:
    vectors = Embedder(_session(raw=raw), _spec(colour="BGR")).embed(_crops(2))
    np.testing.assert_allclose(vectors, _by_hand(_crops(2))[:, ::-1], atol=1e-6)


def test_mean_and_scale() -> None:
    vectors = Embedder(_session(), _spec(mean=(10.0, 20.0, 30.0), scale=0.5)).embed(_crops(2))
    means = (_crops(2)[:, :, : SIZE // 2].astype(np.float64).mean(axis=(1, 2)) - [10, 20, 30]) / 2
    np.testing.assert_allclose(vectors, means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-6)


def test_a_mirrored_second_look_is_added() -> None:
    crops = _crops(2)
    both = Embedder(_session(), _spec(flip=True)).embed(crops)
    halves = [part.astype(np.float64).mean(axis=(1, 2)) for part in (crops[:, :, :2], crops[:, :, 2:])]
    np.testing.assert_allclose(both, sum(halves) / np.linalg.norm(sum(halves), axis=1, keepdims=True), atol=1e-6)


def test_views_of_a_face_are_added_before_they_are_made_unit() -> None:
    crops = _crops(6).reshape(2, 3, SIZE, SIZE, 3)
    vectors = Embedder(_session(), _spec()).embed_views(crops)
    total = crops[:, :, :, :2].astype(np.float64).mean(axis=(2, 3)).sum(axis=1)
    np.testing.assert_allclose(vectors, total / np.linalg.norm(total, axis=1, keepdims=True), atol=1e-6)


def test_a_centre_is_taken_away_and_the_rest_made_unit_again() -> None:
    vectors = Embedder(_session(), _spec(centre=(0.5, 0.5, 0.5))).embed(_crops(2))
    rest = _by_hand(_crops(2)) - 0.5
    np.testing.assert_allclose(vectors, rest / np.linalg.norm(rest, axis=1, keepdims=True), atol=1e-5)


@given(st.integers(0, 70), st.sampled_from([1, 3, 8, "N"]))
def test_batches_of_any_size_give_what_single_crops_give(count: int, batch: int | str) -> None:
    embedder = Embedder(_session(batch=batch), _spec())
    vectors = embedder.embed(_crops(count))
    assert vectors.shape == (count, 3)
    np.testing.assert_allclose(vectors, _by_hand(_crops(count)) if count else np.zeros((0, 3)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_black_crop_gives_zeros_and_no_warning() -> None:
    assert Embedder(_session(), _spec()).embed(np.zeros((1, SIZE, SIZE, 3), np.uint8)).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    "crops",
    [np.zeros((1, 5, 5, 3), np.uint8), np.zeros((1, SIZE, SIZE, 3), np.float32), np.zeros((SIZE, SIZE, 3), np.uint8)],
)
def test_other_crops_are_refused(crops: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"crops must be uint8 \(B, V, 4, 4, 3\), but is"):
        Embedder(_session(), _spec()).embed(crops)


def test_a_network_of_another_dimension_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"the embedder e\.onnx gives 3 numbers, the manifest says 128"):
        Embedder(_session(), _spec(dimension=128))
