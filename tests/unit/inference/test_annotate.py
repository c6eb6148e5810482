"""Drawing: what changes in the picture and what does not; labels inside the picture; names of many scripts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ShapeError, UnknownNameError
from vultus.inference import annotate
from vultus.inference.annotate import COLOURS, draw, in_visual_order, to_ascii
from vultus.types import Box, Face, Quality

GREY = np.full((240, 320, 3), 128, np.uint8)
POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])


def face(left: float, top: float, right: float, bottom: float) -> Face:
    points = POINTS * (right - left, bottom - top) + (left, top)
    return Face(Box(np.array([left, top, right, bottom])), points, 0.9, Quality(0.9))


def changed(image: np.ndarray, marks: list[tuple[Face, str, str]]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what was drawn."""
    rows, columns = np.nonzero((draw(image, marks) != image).any(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def has_colour(image: np.ndarray, kind: str) -> bool:
    return bool((image == COLOURS[kind]).all(axis=2).any())


@pytest.mark.parametrize("kind", COLOURS)
def test_each_kind_has_its_colour(kind: str) -> None:
    shown = draw(GREY, [(face(100, 80, 200, 200), "Ada 0.87", kind)])
    assert [other for other in COLOURS if has_colour(shown, other)] == [kind]


def test_the_picture_given_is_left_alone() -> None:
    before = GREY.copy()
    shown = draw(GREY, [(face(100, 80, 200, 200), "Ada", "match")])
    assert (before == GREY).all()
    assert shown.shape == GREY.shape
    assert shown.dtype == np.uint8
    assert (draw(GREY, []) == GREY).all()


def test_box_without_label_and_dots_of_plain_faces_only() -> None:
    left, top, right, bottom = changed(GREY, [(face(100, 80, 200, 200), " ", "match")])
    assert (left, top) >= (97, 77)
    assert (right, bottom) <= (203, 203)
    nose = (152, 150)
    assert (draw(GREY, [(face(100, 80, 200, 200), "", "match")])[nose] == 128).all()
    assert (draw(GREY, [(face(100, 80, 200, 200), "", "plain")])[nose] == COLOURS["plain"]).all()
    assert (draw(GREY, [(face(100, 80, 140, 130), "", "plain")])[110, 120] == 128).all()


def test_label_stands_above_the_box_or_below_where_there_is_no_room() -> None:
    _, top, _, bottom = changed(GREY, [(face(100, 80, 200, 200), "Ada", "match")])
    assert top < 70
    assert bottom <= 203
    _, top, _, bottom = changed(GREY, [(face(100, 2, 200, 150), "Ada", "match")])
    assert top < 5
    assert bottom > 160


def test_labels_do_not_cover_each_other() -> None:
    marks = [(face(60, 100, 120, 180), "Anna-Maria", "match"), (face(125, 100, 185, 180), "Bartholomew", "match")]
    both = draw(GREY, marks)
    for mark in marks:
        alone = draw(GREY, [mark])
        ground = (alone == COLOURS["match"]).all(axis=2)
        assert both[ground].shape[0] > 0
    grounds = [(draw(GREY, [(mark[0], mark[1], "match")]) == COLOURS["match"]).all(axis=2).sum() for mark in marks]
    assert (both == COLOURS["match"]).all(axis=2).sum() > 0.93 * sum(grounds)


@given(
    st.floats(-200, 500),
    st.floats(-200, 400),
    st.floats(-5, 600),
    st.floats(-5, 600),
    st.text(max_size=80),
    st.sampled_from(sorted(COLOURS)),
    st.sampled_from([(1, 1), (3, 200), (200, 3), (48, 40), (240, 320)]),
)
def test_anything_can_be_drawn(
    left: float, top: float, width: float, height: float, label: str, kind: str, size: tuple[int, int]
) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    shown = draw(image, [(face(left, top, left + width, top + height), label, kind)])
    assert shown.shape == image.shape


@pytest.mark.parametrize("width", [60, 120, 320])
def test_a_long_label_is_shortened_but_keeps_its_score(width: int) -> None:
    letters = annotate._Letters()
    text, size, length = letters.fit("Bartholomew Featherstonehaugh-Cholmondeley 0.87", 20, width)
    assert text.endswith(" 0.87")
    assert length <= width
    assert size >= 9
    assert letters.fit("Ada 0.87", 20, 200)[:2] == ("Ada 0.87", 20)


def test_letters_grow_with_the_picture() -> None:
    heights = []
    for scale in (1, 4):
        image = np.full((240 * scale, 320 * scale, 3), 128, np.uint8)
        box = face(100 * scale, 80 * scale, 200 * scale, 200 * scale)
        _, top, _, _ = changed(image, [(box, "Ada", "match")])
        heights.append(80 * scale - top)
    assert heights[1] > 2 * heights[0]


@pytest.mark.skipif(not hasattr(cv2, "FontFace"), reason="OpenCV 4 has no Unicode fonts")
@pytest.mark.parametrize("name", ["Łukasz", "Νίκος", "Владимир", "王小明", "田中さくら", "김민수", "שלום", "محمد"])
def test_names_of_many_scripts_are_not_question_marks(name: str) -> None:
    box = face(100, 80, 200, 200)
    shown = draw(GREY, [(box, name, "match")])
    doubted = draw(GREY, [(box, "?" * len(name), "match")])
    assert (shown != doubted).any()


def test_without_unicode_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "FontFace", raising=False)
    box = face(100, 80, 200, 200)
    assert (draw(GREY, [(box, "Łukasz 0.87", "match")]) == draw(GREY, [(box, "Lukasz 0.87", "match")])).all()
    assert annotate._Letters().fit("Bartholomew Featherstonehaugh 0.87", 20, 90)[0].endswith("... 0.87")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("Ærøskøbing", "AEroskobing"),
        ("José Ñandú", "Jose Nandu"),
        ("Straße", "Strasse"),
        ("王小明", "???"),
        ("Ada", "Ada"),
    ],
)
def test_ascii(name: str, shown: str) -> None:
    assert to_ascii(name) == shown


@pytest.mark.parametrize(
    ("logical", "visual"),
    [
        ("Ada Lovelace 0.87", "Ada Lovelace 0.87"),
        ("אבג", "גבא"),
        ("אב גד 0.87", "דג בא 0.87"),
        ("Ada אב-גד x", "Ada דג-בא x"),
        ("מֹשה", "השמ"),
        ("", ""),
    ],
)
def test_visual_order(logical: str, visual: str) -> None:
    assert in_visual_order(logical) == visual


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown kind of mark 'mach'; did you mean 'match'"):
        draw(GREY, [(face(1, 1, 9, 9), "x", "mach")])
    with pytest.raises(ShapeError, match="image must be RGB uint8"):
        draw(GREY[..., 0], [])
