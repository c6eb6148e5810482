"""Arrays from joblib files, compared with what joblib wrote; anything else is refused without being run."""

from __future__ import annotations

import io
import pickle
from importlib.util import find_spec
from pathlib import Path

import joblib
import lz4.frame
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import WeightsError
from vultus.weights import joblib_file
from vultus.weights.joblib_file import read_arrays


def _dumped(value: object) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=("lz4", 3))
    return buffer.getvalue()


ARRAYS = [np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.float32([7]), np.ones((5, 1), np.float32)]


def test_arrays_come_back_in_order() -> None:
    for ours, theirs in zip(read_arrays(_dumped(ARRAYS)), ARRAYS, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)


@given(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=6))
def test_any_shapes_come_back(shapes: list[list[int]]) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.random(shape, dtype=np.float32) for shape in shapes]
    for ours, theirs in zip(read_arrays(_dumped(arrays)), arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["pnet", "rnet", "onet"])
def test_the_real_files_agree_with_joblib(name: str) -> None:
    spec = find_spec("mtcnn")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "assets/weights" / f"{name}.lz4"
    theirs = joblib.load(io.BytesIO(path.read_bytes()))
    ours = read_arrays(path.read_bytes())
    assert len(ours) == len(theirs)
    for mine, their in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, their)


def test_nothing_in_the_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "was here"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (mark,)

    with pytest.raises(WeightsError, match="not a joblib file of arrays: it holds none"):
        read_arrays(lz4.frame.compress(pickle.dumps(Evil())))
    assert not mark.exists()


def test_files_of_another_kind_are_refused_with_words() -> None:
    with pytest.raises(WeightsError, match="not an LZ4 file: "):
        read_arrays(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(WeightsError, match="not a joblib file of arrays: "):
        read_arrays(lz4.frame.compress(b"some text, no pickle"))
    with pytest.raises(WeightsError, match="joblib file has an array that is not in C order"):
        read_arrays(_dumped([np.asfortranarray(ARRAYS[0][0])]))


def test_a_file_that_is_cut_off_is_refused() -> None:
    raw = lz4.frame.decompress(_dumped([np.ones(1000, np.float32)]))
    with pytest.raises(WeightsError, match=r"joblib file ends early: 4000 bytes wanted, \d+ there"):
        read_arrays(lz4.frame.compress(raw[:2000]))
    with pytest.raises(WeightsError, match="not an LZ4 file"):
        read_arrays(_dumped(ARRAYS)[:-20])


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib_file, "_MAX_BYTES", 1000)
    with pytest.raises(WeightsError, match="the LZ4 file holds more than 1000 bytes"):
        read_arrays(lz4.frame.compress(bytes(100_000)))
