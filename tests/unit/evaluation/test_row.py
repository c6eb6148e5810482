from __future__ import annotations

import sys

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.row import Bench, scaled


def test_folder_is_found_with_and_without_data_in_between(bench, tmp_path):
    assert Bench(data=tmp_path).folder("lfw_view2") == bench.folder("lfw_view2") == tmp_path / "data" / "lfw_view2"
    with pytest.raises(InputError, match="has no folder orl_faces"):
        bench.folder("orl_faces")
    with pytest.raises(InputError, match="needs the evaluation data orl_faces: give --data DIR"):
        Bench().folder("orl_faces")


def test_counts_and_pictures(bench):
    assert (bench.count(200, 4), Bench().count(200, 4)) == (4, 200)
    assert [path.stem for path in bench.lfw(3)] == ["00", "05", "11"]
    assert len(bench.lfw(1000)) == 12
    assert [picture.shape for picture in bench.photographs()] == [(60, 80, 3)] * 3
    assert bench.upsample == 1


def test_photographs_without_data(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    with pytest.raises(InputError, match=r'needs a photograph: give --data DIR, or run: pip install "vultus\[demo\]"'):
        next(Bench().photographs())


def test_the_portrait_stands_in_for_data():
    pytest.importorskip("skimage.data")
    assert next(Bench().photographs()).shape == (512, 512, 3)


def test_scaled():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert scaled(image, 4, 2)[:, 0, 0].tolist() == [0, 0, 6, 6]
    assert scaled(scaled(image, 4, 6), 2, 2).tolist() == image.tolist()
