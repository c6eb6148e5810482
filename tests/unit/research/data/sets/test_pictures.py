"""Pictures in files: cut, scaled, and read when they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.made import broken, picture
from vultus.errors import ImageError
from vultus.inference.image import read, write
from vultus.research.data.sets.material import Files
from vultus.research.data.sets.pictures import Pictures, grey_of, scaled


def test_the_middle_square_is_taken() -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert scaled(wide, 5).shape == (5, 5, 3)
    assert (scaled(wide, 5) == 200).all()
    assert scaled(wide, 0) is wide
    assert scaled(wide[..., 0], 20).shape == (20, 20)


def test_grey_is_brightness() -> None:
    green = np.zeros((2, 2, 3), np.uint8)
    green[..., 1] = 255
    assert grey_of(green).shape == (2, 2, 1)
    assert abs(int(grey_of(green)[0, 0, 0]) - 0.587 * 255) <= 1


def test_a_column_reads_what_is_taken(tmp_path: Path) -> None:
    files = Files(tuple(picture(tmp_path / f"{n}.png", n, (8, 8)) for n in range(3)))
    column = Pictures(files, 8)
    assert column.shape == (3, 8, 8, 3)
    assert column.dtype == np.uint8
    two = column.take(np.array([2, 0]))
    assert (two == np.stack([read(tmp_path / "2.png"), read(tmp_path / "0.png")])).all()
    assert column.take(np.array([], np.int64)).shape == (0, 8, 8, 3)
    assert Pictures(files, 4, grey=True).take(np.array([1])).shape == (1, 4, 4, 1)


def test_the_face_is_cut_out(tmp_path: Path) -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    image[5:10, 2:7] = 255
    write(tmp_path / "a.png", image)
    boxes = np.array([[2, 5, 7, 10], [30, 30, 40, 40]])
    column = Pictures(Files((tmp_path / "a.png",) * 2, boxes), 5)
    assert (column.one(0) == 255).all()
    with pytest.raises(ImageError, match="lies outside of its 20 x 20 pixels"):
        column.one(1)


def test_what_cannot_be_read_stands_in_its_place(tmp_path: Path) -> None:
    files = Files((picture(tmp_path / "a.png"), broken(tmp_path / "b.png"), tmp_path / "c.png"))
    ticks: list[int] = []
    found = list(Pictures(files, 48).each(lambda: ticks.append(1)))
    assert [isinstance(one, ImageError) for one in found] == [False, True, True]
    assert len(ticks) == 3
