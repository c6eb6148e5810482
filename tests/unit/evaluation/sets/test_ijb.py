"""IJB: the lists, and templates from media by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.ijb import pool, read_ijb


def test_lists(touch, text) -> None:
    folder = touch(*(f"loose_crop/{n}.jpg" for n in range(1, 5)))
    text("meta/ijbc_face_tid_mid.txt", "1.jpg 7 100", "2.jpg 7 101", "3.jpg 20 102", "4.jpg 9 103")
    text("meta/ijbc_template_pair_label.txt", "7 20 1", "7 9 0")
    got = read_ijb(folder)
    assert got.template.tolist() == [0, 0, 2, 1]
    assert got.medium.tolist() == [100, 101, 102, 103]
    assert (got.a.tolist(), got.b.tolist(), got.same.tolist()) == ([0, 0], [2, 1], [True, False])
    assert got.people[0] == got.people[2] != got.people[1]


def test_media_count_the_same() -> None:
    """Two frames of one film, one photograph; a picture without a face; a template without any."""
    vectors = np.array([[1, 0], [1, 0], [0, 1], [np.nan, np.nan], [np.nan, np.nan]], dtype=np.float32)
    there = np.array([True, True, True, False, False])
    got, acquired = pool(vectors, there, np.array([0, 0, 0, 0, 1]), np.array([5, 5, 6, 6, 7]))
    np.testing.assert_allclose(got[0], np.sqrt([0.5, 0.5]), rtol=1e-6)
    assert acquired.tolist() == [True, False]
    assert np.isnan(got[1]).all()


def test_bad_lists(touch, text) -> None:
    folder = touch("loose_crop/1.jpg")
    with pytest.raises(InputError, match=r"has neither meta/ijbb_face_tid_mid.txt nor"):
        read_ijb(folder)
    text("meta/ijbb_face_tid_mid.txt", "1.jpg 7")
    text("meta/ijbb_template_pair_label.txt", "7 8 1")
    with pytest.raises(InputError, match="line 1: expected 'picture template medium'"):
        read_ijb(folder)
    text("meta/ijbb_face_tid_mid.txt", "1.jpg 7 1", "2.jpg 8 1")
    with pytest.raises(InputError, match=r"names .*2.jpg, but there is no such file"):
        read_ijb(folder)
    text("meta/ijbb_face_tid_mid.txt", "1.jpg 7 1")
    with pytest.raises(InputError, match="line 1: no picture is of one of its templates"):
        read_ijb(folder)
    for line in ("7 8", "7 8 x", "7 8 2"):
        text("meta/ijbb_template_pair_label.txt", line)
        with pytest.raises(InputError, match="expected 'template template same' in each line"):
            read_ijb(folder)
