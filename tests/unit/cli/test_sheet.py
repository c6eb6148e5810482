"""The contact sheet of the demo."""

from __future__ import annotations

import numpy as np

from unit.cli.fake import ADA, FakeEngine, picture
from vultus.cli.pictures import plain_marks
from vultus.cli.sheet import moved, sheet, tile


def test_a_tile_fits_whatever_the_shape() -> None:
    for image in (picture(ADA), picture(ADA, ADA, ADA), picture(ADA, height=900)):
        one = tile(image, plain_marks(FakeEngine().find(image)), "a caption")
        assert one.shape == (444, 400, 3)
        assert one.dtype == np.uint8
        assert (one[400:] < 128).any()


def test_a_sheet_has_rows() -> None:
    tiles = [tile(picture(ADA), [], str(number)) for number in range(5)]
    assert sheet(tiles, columns=4).shape == (2 * 456 + 12, 4 * 412 + 12, 3)
    assert sheet(tiles[:2], columns=4).shape == (456 + 12, 2 * 412 + 12, 3)


def test_a_face_moves_with_its_picture() -> None:
    (face,) = FakeEngine().find(picture(ADA))
    twice = moved(face, 2.0)
    assert np.array_equal(twice.box.xyxy, face.box.xyxy * 2)
    assert np.array_equal(twice.landmarks, face.landmarks * 2)
