"""The contact sheet of the demo."""

from __future__ import annotations

import numpy as np

from unit.cli.fake import ADA, FakeEngine, picture
from vultus.cli.pictures import plain_marks
from vultus.cli.sheet import moved, sheet, tile


def test_a_tile_fits_whatever_the_shape() -> None:
    for image, width in ((picture(ADA), 400), (picture(ADA, ADA, ADA), 812), (picture(ADA, height=900), 400)):
        one = tile(image, plain_marks(FakeEngine().find(image)), "a caption that is too long for a tile " * 3)
        assert one.shape == (444, width, 3)
        assert one.dtype == np.uint8
        assert (one[400:] < 128).any()


def test_a_sheet_has_rows() -> None:
    tiles = [tile(picture(ADA), [], str(number), right=None) for number in range(5)]
    assert sheet(tiles).shape == (2 * 456 + 12, 4 * 412 + 12, 3)
    assert sheet(tiles[:2]).shape == (456 + 12, 2 * 412 + 12, 3)


def test_a_wide_tile_takes_two_columns() -> None:
    wide = tile(picture(ADA, ADA, ADA), [], "wide", right=False)
    narrow = tile(picture(ADA), [], "narrow")
    assert sheet([narrow, narrow, wide]).shape == (456 + 12, 4 * 412 + 12, 3)
    assert sheet([narrow, narrow, narrow, wide]).shape == (2 * 456 + 12, 3 * 412 + 12, 3)


def test_a_face_moves_with_its_picture() -> None:
    (face,) = FakeEngine().find(picture(ADA))
    twice = moved(face, 2.0)
    assert np.array_equal(twice.box.xyxy, face.box.xyxy * 2)
    assert np.array_equal(twice.landmarks, face.landmarks * 2)
