from __future__ import annotations

import cv2
import numpy as np
import pytest

from vultus.errors import ImageError, InputError
from vultus.gallery.crop import LONGEST_PX, MARGIN, cut, meant
from vultus.inference.image import read
from vultus.types import Box, Face, Quality

POINTS = np.zeros((5, 2), dtype=np.float32)


def box(left, top, right, bottom) -> Box:
    return Box(np.array([left, top, right, bottom], dtype=np.float32))


def face(left, top, right, bottom) -> Face:
    return Face(box(left, top, right, bottom), POINTS, 0.9, Quality(1.0))


@pytest.fixture
def picture():
    """Smooth, so that JPEG changes hardly anything: red grows to the right, green downwards."""
    y, x = np.mgrid[0:200, 0:300]
    return np.stack([x * 0.8, y * 1.2, np.full_like(x, 90)], axis=-1).astype(np.uint8)


def test_the_face_stands_in_the_middle_with_its_margin(picture):
    crop = read(cut(picture, box(100, 60, 150, 120)))
    assert crop.shape == (120, 120, 3), "the larger side, and half of it twice"
    assert np.abs(crop.astype(int) - picture[30:150, 65:185]).max() <= 6


def test_what_the_picture_does_not_have_is_black(picture):
    crop = read(cut(picture, box(-10, 0, 50, 60))).astype(int)
    assert crop.shape == (120, 120, 3)
    assert crop[:28].max() < 12
    assert crop[:, :38].max() < 12
    assert np.abs(crop[32:120, 42:120] - picture[2:90, 2:80]).max() <= 8


def test_a_large_face_is_scaled_down_and_takes_little_memory():
    picture = np.full((3000, 2000, 3), 200, dtype=np.uint8)
    crop = read(cut(picture, box(0, 0, 2000, 3000)))
    assert crop.shape == (LONGEST_PX, LONGEST_PX, 3)
    assert crop[LONGEST_PX // 2, LONGEST_PX // 2].tolist() == [200, 200, 200]
    assert crop[:4].max() < 12


@pytest.mark.parametrize("margin", [0.0, 0.25, 1.0])
def test_the_margin_is_free(picture, margin):
    assert read(cut(picture, box(100, 60, 160, 120), margin=margin)).shape[0] == round(60 * (1 + 2 * margin))


def test_nothing_of_the_file_comes_along(picture, tmp_path):
    """EXIF holds where and when a picture was taken."""
    path = tmp_path / "a.jpg"
    done, encoded = cv2.imencode(".jpg", picture)
    secret = b"\xff\xe1\x00\x14Exif\x00\x00SECRETPLACE"
    path.write_bytes(
        encoded.tobytes()[:2] + secret[:2] + len(secret[2:]).to_bytes(2, "big") + secret[4:] + encoded.tobytes()[2:]
    )
    assert done
    assert b"SECRETPLACE" in path.read_bytes()
    assert b"SECRETPLACE" not in cut(path, box(100, 60, 150, 120))


def test_what_cannot_be_cut(picture):
    with pytest.raises(InputError, match="the face at 1010, 1010 lies outside the picture of 300 x 200 pixels"):
        cut(picture, box(1000, 1000, 1020, 1020))
    with pytest.raises(ImageError, match="cannot read image"):
        cut(b"no picture", box(0, 0, 10, 10))


def test_meant_is_the_one_in_the_middle():
    """Somebody larger looks over the shoulder."""
    middle, larger = face(62, 58, 118, 122), face(0, 0, 100, 110)
    assert meant([larger, middle], 120) is not None
    assert meant([face(28, 30, 92, 90), face(0, 0, 30, 30)], 120).box.xyxy[0] == 28
    assert meant([face(0, 0, 30, 30)], 120) is None
    assert meant([], 120) is None


def test_meant_finds_a_cut_face_whatever_its_place(picture):
    for place in (box(0, 0, 60, 80), box(240, 150, 320, 230), box(100, 60, 150, 120)):
        side = read(cut(picture, place)).shape[0]
        middle = side / (1 + 2 * MARGIN)
        edge = (side - middle) / 2
        found = face(edge + 4, edge, side - edge - 4, side - edge)
        assert meant([found], side) is found


@pytest.mark.shared
def test_faces_are_found_again(shared):
    from vultus import FaceEngine
    from vultus.types import prominent

    engine = FaceEngine("dlib", threads=1)
    for path in sorted((shared / "data/lfw_view2/images").iterdir())[:3000:600]:
        first = prominent(engine.find(path))
        crop = cut(path, first.box)
        again = meant(engine.find(crop), read(crop).shape[0])
        assert again is not None
        assert first.embedding.similarity(again.embedding) > 0.98
