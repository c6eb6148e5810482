"""dlib's serialisation, read back from files written by an independent writer, from the real ones, and from damage."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.weights import dat
from vultus.errors import WeightsError
from vultus.weights.dlib_dat import read_network, read_shape_model

VALUES = np.arange(28, dtype=np.float32)
SMALL = dat.network([dat.convolution(VALUES, filters=1, rows=3, columns=3), dat.affine(VALUES[:2])])


def _package_file(name: str) -> bytes:
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "models" / name).read_bytes()


# ------------------------------------------------------------------------------------------------------ what is there
def test_a_small_network_comes_back() -> None:
    network = read_network(SMALL)
    assert (network.loss, network.mean) == ("loss_metric_2", (122.5, 117.0, 104.0))
    assert network.options["rows"] == 150
    assert network.options["distance_limit"] == pytest.approx(0.6, abs=1e-6)
    convolution, affine = network.layers
    assert convolution.sizes == {
        "filters": 1, "rows": 3, "columns": 3, "stride_y": 2, "stride_x": 2, "pad_y": 0, "pad_x": 0,
    }  # fmt: skip
    np.testing.assert_array_equal(convolution.params, VALUES)
    np.testing.assert_array_equal(affine.params, VALUES[:2])


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(-60000, 60000, width=16))
def test_numbers_come_back(whole: int, fraction: float) -> None:
    from vultus.weights.dlib_dat import _Stream

    stream = _Stream(dat.integer(whole) + dat.real(fraction))
    assert stream.integer() == whole
    assert stream.real() == pytest.approx(fraction, rel=1e-6)


def test_a_small_landmark_model_comes_back() -> None:
    model = read_shape_model(dat.shape_model())
    assert model.mean_shape.shape == (5, 2)
    assert model.anchors.tolist() == [[0, 1, 2, 3]] * 2
    assert model.deltas.shape == (2, 4, 2)
    assert model.deltas[0, 0].tolist() == [0.25, -0.125]
    assert model.splits.shape == (2, 3, 3, 2)
    assert model.leaves.shape == (2, 3, 4, 5, 2)


def test_the_real_files_have_the_published_layers() -> None:
    resnet = read_network(_package_file("dlib_face_recognition_resnet_model_v1.dat"))
    kinds = [layer.kind for layer in resnet.layers]
    assert (kinds.count("con"), kinds.count("fc"), kinds.count("max_pool")) == (29, 1, 1)
    assert resnet.layers[-1].sizes == {"outputs": 128, "inputs": 256}
    mmod = read_network(_package_file("mmod_human_face_detector.dat"))
    assert (mmod.loss, mmod.options["width"], mmod.options["height"]) == ("loss_mmod_", 80, 80)
    assert sum(layer.kind == "con" for layer in mmod.layers) == 7
    points = read_shape_model(_package_file("shape_predictor_5_face_landmarks.dat"))
    assert points.mean_shape.shape == (5, 2)
    assert points.leaves.shape[-3:] == (points.splits.shape[2] + 1, 5, 2)


# ------------------------------------------------------------------------------------------------------------- damage
def _changed(old: bytes, new: bytes, data: bytes = SMALL) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (SMALL[:-1], r"dlib file ends early: \d+ bytes wanted at \d+"),
        (b"", "dlib file ends early: 1 bytes wanted at 0"),
        (b"\xff\xd8\xff\xe0 a picture", "not a dlib integer at byte 0: control byte 0xff"),
        (dat.integer(7), r"dlib file has version 7 at byte 2, expected one of \(1,\)"),
        (dat.integer(1) + dat.integer(-4), "dlib file has a length of -4 at byte 4"),
        (dat.integer(1) + dat.integer(2**40), "dlib file has a length of 1099511627776"),
        (_changed(b"loss_metric_2", b"loss_ranking_"), "dlib file has loss 'loss_ranking_', expected loss_metric_2"),
        (
            _changed(b"input_rgb_image_sized", b"input_grey_image_size"),
            "dlib file has input 'input_grey_image_size', expected an RGB image",
        ),
        (_changed(b"affine_", b"affine2"), "dlib file has a layer 'affine2' at byte"),
        (_changed(b"100" + dat.NO_TENSOR, b"1x0" + dat.NO_TENSOR), r"not a dlib bool at byte \d+: b'x'"),
        (_changed(dat.real(122.5), dat.integer(1) + dat.integer(5000)), "dlib file has a float with exponent 5000"),
        (
            _changed(dat.tensor(28, 1, 1, 1)[:10], dat.integer(2) + dat.integer(40_000) * 4),
            "dlib file has a tensor of 2560000000000000000 values",
        ),
    ],
)
def test_a_damaged_network_is_refused_with_words(data: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        read_network(data)


def test_a_damaged_landmark_model_is_refused_with_words() -> None:
    with pytest.raises(WeightsError, match="dlib landmark file is ragged: its trees differ in size"):
        read_shape_model(dat.shape_model(ragged=True))
    with pytest.raises(WeightsError, match=r"dlib file has a matrix of -3 x 1 at byte"):
        read_shape_model(dat.integer(1) + dat.integer(3) + dat.integer(-1))


@given(st.integers(0, len(SMALL) - 1), st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(place: int, value: int) -> None:
    data = bytearray(SMALL)
    data[place] = value
    with contextlib.suppress(WeightsError):
        read_network(bytes(data))
