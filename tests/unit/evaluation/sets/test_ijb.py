"""IJB: the lists, and templates from media by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.ijb import pool, read_ijb, read_ijb_search


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


def searches(text, kind: str = "ijbc", first: str = "G1", second: str = "G2") -> None:
    text(f"meta/{kind}_face_tid_mid.txt", "1.jpg 7 100", "2.jpg 7 101", "3.jpg 20 102", "4.jpg 9 103", "5.jpg 30 104",
         "6.jpg 31 105")  # fmt: skip
    head = "TEMPLATE_ID,SUBJECT_ID,FILENAME,SIGHTING_ID"
    text(f"meta/{kind}_1N_gallery_{first}.csv", head, "7,1001,img/1.png,5", "7,1001,img/2.png,6")
    text(f"meta/{kind}_1N_gallery_{second}.csv", head, "20,1002,img/3.png,7")
    text(f"meta/{kind}_1N_probe_mixed.csv", head, "9,1001,img/4.png,8", "30,1002,frames/5.png,9")


def test_searches(touch, text) -> None:
    folder = touch(*(f"loose_crop/{n}.jpg" for n in range(1, 6)))
    searches(text)
    got = read_ijb_search(folder)
    # the sixth picture is of no list, and need not be there
    assert [image.name for image in got.images] == ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"]
    first, second = got.galleries
    assert (first.name, second.name) == ("G1", "G2")
    assert got.template.tolist() == [0, 0, 2, 1, 3]
    assert (first.template.tolist(), first.person.tolist()) == ([0], [1001])
    assert (second.template.tolist(), second.person.tolist()) == ([2], [1002])
    assert (got.searches.template.tolist(), got.searches.person.tolist()) == ([1, 3], [1001, 1002])
    (alone,) = read_ijb_search(folder, ("G2",)).galleries
    assert alone.person.tolist() == [1002]


def test_the_galleries_of_ijbb_have_two_names(touch, text) -> None:
    folder = touch(*(f"loose_crop/{n}.jpg" for n in range(1, 6)))
    searches(text, "ijbb", "S1", "S2")
    assert [one.person.tolist() for one in read_ijb_search(folder).galleries] == [[1001], [1002]]


def test_bad_searches(touch, text) -> None:
    folder = touch(*(f"loose_crop/{n}.jpg" for n in range(1, 6)))
    searches(text)
    for line, message in (
        ("x,1001", "expected numbers of a template and a person, but they are 'x' and '1001'"),
        ("8,1001", "template 8 has no picture in the list of pictures"),
        ("9,1001\n9,1002", "line 3: template 9 is of another person in an earlier line"),
    ):
        text("meta/ijbc_1N_probe_mixed.csv", "TEMPLATE_ID,SUBJECT_ID", line)
        with pytest.raises(InputError, match=message):
            read_ijb_search(folder)
    text("meta/ijbc_1N_gallery_G2.csv", "TEMPLATE_ID,SUBJECT_ID", "20,1001")
    text("meta/ijbc_1N_probe_mixed.csv", "TEMPLATE_ID,SUBJECT_ID", "9,1001")
    with pytest.raises(InputError, match="person 1001 is in both galleries"):
        read_ijb_search(folder)
    (folder / "meta/ijbc_1N_gallery_G1.csv").unlink()
    with pytest.raises(InputError, match=r"cannot read .*ijbc_1N_gallery_G1.csv"):
        read_ijb_search(folder)
