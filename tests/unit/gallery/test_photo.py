from __future__ import annotations

import hashlib

import numpy as np

from vultus.gallery.enrol import digest_of, label_of
from vultus.gallery.photo import Photo


def test_a_photo_is_remembered_as_its_file_would_be() -> None:
    photo = Photo.of(np.zeros((4, 5, 3), np.uint8), b"bytes of a file", "party.jpg")
    assert photo.shape == (4, 5, 3)
    assert label_of(photo) == "party.jpg"
    assert digest_of(photo) == digest_of(b"bytes of a file") == hashlib.sha256(b"bytes of a file").hexdigest()


def test_a_part_of_a_photo_is_no_picture_of_that_file() -> None:
    photo = Photo.of(np.zeros((4, 5, 3), np.uint8), b"bytes of a file", "party.jpg")
    assert label_of(photo[:2]) == "<array>"
    assert digest_of(photo[:2]) == digest_of(np.zeros((2, 5, 3), np.uint8))


def test_the_pixels_are_not_copied() -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    photo = Photo.of(pixels, b"", "a")
    pixels[0, 0, 0] = 9
    assert photo[0, 0, 0] == 9
